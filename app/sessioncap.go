package app

import "context"

// excessPerSignIn bounds the sessions that one sign-in ends.
const excessPerSignIn = 16

// endExcess ends the oldest sessions of an account that has more open than
// Settings.SessionsPerAccount, as a sign-out does, in the background: tokens must
// not pile up in Gitea. Sessions that have run out do not count: EndExpired ends
// them. What one sign-in leaves, the next one ends.
func (s *Service) endExcess(ctx context.Context, a Account) {
	if s.settings.SessionsPerAccount <= 0 {
		return
	}
	excess, err := s.Listings.OldestSessions(ctx, a.ID, s.Now(), s.settings.SessionsPerAccount, excessPerSignIn)
	for _, session := range excess {
		if err != nil {
			break
		}
		_, err = s.signOut.Begin(by(ctx, System), a.ID, signingOut{
			Session: session, Username: a.Username, GiteaID: a.GiteaID, StorageKey: a.StorageKey,
		})
	}
	if err != nil { // the session is open all the same
		s.Logger.WarnContext(ctx, "ending sessions beyond the limit of an account", "account", a.ID, "error", err)
	}
}
