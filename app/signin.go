package app

import (
	"context"

	"accord/saga"
)

// Credentials are what a person signs in with. Username is used where it is
// not empty, else Email.
type Credentials struct {
	Username, Email string
	Password        Secret
	// Keep asks for the long session.
	Keep bool
	// IP and Device are where the request came from.
	IP, Device string
}

// SignedIn is a fresh session with the three tokens that are good for it.
type SignedIn struct {
	Account     Account
	Session     Session
	AccessToken Secret
	GiteaToken  Secret
	Grant       Grant
}

// NotAllowed is the cause of BadCredentials where the password was right but
// the account's status forbids signing in. Only then may a client be told.
type NotAllowed struct{ Status Status }

func (n *NotAllowed) Error() string { return "account is in status " + string(n.Status) }

// signingIn is the state of the sign-in saga.
type signingIn struct {
	Session       Session
	Username      string
	StorageKey    string
	StorageSecret Secret
	// Found out on the way.
	GiteaToken Secret
	Grant      Grant
}

// SignIn checks the password and opens a session on all three systems, or on
// none. BadCredentials, TooOften (with when to try again) where passwords were
// tried too often, DirectoryFailed, StorageFailed, Busy or Internal.
func (s *Service) SignIn(ctx context.Context, in Credentials) (SignedIn, saga.Receipt, error) {
	const op = "sign in"
	account, err := s.checkPassword(ctx, in)
	if err != nil {
		return SignedIn{}, saga.Receipt{}, failed(op, err)
	}
	session := s.newSession(account, in)
	token, err := s.Tokens.Issue(Claims{
		UserID: account.UserID, SessionID: session.ID, IssuedAt: session.CreatedAt, ExpiresAt: session.ExpiresAt,
	})
	if err != nil {
		return SignedIn{}, saga.Receipt{}, failed(op, err)
	}
	state, receipt, err := s.signIn.Execute(ctx, account.ID, signingIn{
		Session: session, Username: account.Username,
		StorageKey: account.StorageKey, StorageSecret: account.StorageSecret,
	})
	if err != nil {
		return SignedIn{}, receipt, failed(op, err)
	}
	s.heal(ctx, account, in.Password)
	return SignedIn{
		Account: account, Session: session, AccessToken: token, GiteaToken: state.GiteaToken, Grant: state.Grant,
	}, receipt, nil
}

// checkPassword does the same work for every outcome, so that its time does
// not tell a known account from an unknown one.
func (s *Service) checkPassword(ctx context.Context, in Credentials) (Account, error) {
	var account Account
	ok, err := s.guarded(ctx, s.signInTries(in), func() (ok bool, err error) {
		account, err = s.find(ctx, in)
		if err != nil && KindOf(err) != NotFound {
			return false, err
		}
		return s.verify(ctx, account.PasswordHash, in.Password)
	})
	switch {
	case err != nil:
		return Account{}, err
	case !ok:
		return Account{}, &Error{Kind: BadCredentials}
	case !account.MaySignIn():
		return Account{}, &Error{Kind: BadCredentials, Err: &NotAllowed{Status: account.Status}}
	}
	return account, nil
}

func (s *Service) find(ctx context.Context, in Credentials) (Account, error) {
	if in.Username != "" {
		return s.Accounts.ByUsername(ctx, in.Username)
	}
	return s.Accounts.ByEmail(ctx, in.Email)
}

func (s *Service) newSession(a Account, in Credentials) Session {
	ttl := s.settings.SessionTTL
	if in.Keep {
		ttl = s.settings.KeepTTL
	}
	now := s.Now()
	return Session{
		ID: s.IDs.SessionID(), AccountID: a.ID, CredentialEpoch: a.CredentialEpoch,
		IP: in.IP, Device: in.Device, CreatedAt: now, ExpiresAt: now.Add(ttl),
	}
}

func (s *Service) signInFlow() saga.Definition[signingIn] {
	return saga.Sequence("sign in",
		saga.One(saga.Step[signingIn]{
			Name: "reserve session", Kind: saga.Compensable, Local: true,
			Do:   func(ctx context.Context, in *signingIn) error { return s.Sessions.Reserve(ctx, in.Session) },
			Undo: func(ctx context.Context, in *signingIn) error { return s.Sessions.Discard(ctx, in.Session.ID) },
		}),
		saga.Parallel(
			saga.Step[signingIn]{
				Name: "make Gitea token", Kind: saga.Compensable,
				Do: func(ctx context.Context, in *signingIn) (err error) {
					in.GiteaToken, err = s.Directory.CreateToken(ctx, in.Username, in.Session.GiteaTokenName())
					return err
				},
				Undo: func(ctx context.Context, in *signingIn) error {
					return s.Directory.DeleteToken(ctx, in.Username, in.Session.GiteaTokenName())
				},
			},
			saga.Step[signingIn]{
				Name: "grant storage", Kind: saga.Compensable,
				Do: func(ctx context.Context, in *signingIn) (err error) {
					ttl := in.Session.ExpiresAt.Sub(s.Now())
					in.Grant, err = s.Storage.Grant(ctx, in.StorageKey, in.StorageSecret, in.Session.ID, ttl)
					return err
				},
				Undo: func(ctx context.Context, in *signingIn) error {
					return s.Storage.Revoke(ctx, in.StorageKey, in.Session.ID)
				},
			},
		),
		saga.One(saga.Step[signingIn]{
			Name: "open session", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, in *signingIn) error { return s.Sessions.Open(ctx, in.Session.ID, s.Now()) },
		}),
	)
}
