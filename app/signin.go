package app

import (
	"context"
	"time"

	"accord/saga"
)

// Credentials are what a person signs in with. Username is used where it is
// not empty, else Email, else Country and Mobile. A Username that nobody has may
// be a number of the platform's first country.
type Credentials struct {
	Username, Email string
	Country, Mobile string
	Password        Secret
	// Code, in place of the password, is one that was sent to Email.
	Code Secret
	// Keep asks for the long session.
	Keep bool
	// TTL is the length of the session where it is not zero, whatever Keep says.
	TTL time.Duration
	// AccessTTL, where it is not zero, asks for a second access token, of that
	// length, and for a refresh token, which is good for the session's.
	AccessTTL time.Duration
	// HumanCheck: three failures in a row ask for a human check.
	HumanCheck bool
	// IP and Device are where the request came from.
	IP, Device string
}

// typed is what failures are counted under. It tells nothing of who exists.
func (in Credentials) typed() string {
	switch {
	case in.Username != "":
		return "name/" + digest(in.Username)
	case in.Email != "" || in.Mobile == "":
		return "mail/" + digest(in.Email)
	}
	return "mobile/" + digest(in.Country+in.Mobile)
}

// SignedIn is a fresh session with the three tokens that are good for it.
type SignedIn struct {
	Account     Account
	Session     Session
	AccessToken Secret
	// ShortToken and RefreshToken are empty unless Credentials.AccessTTL asked
	// for them; AccessToken lasts as long as the session.
	ShortToken, RefreshToken Secret
	GiteaToken               Secret
	// Grant may end before a long session does: its Expiration says when.
	Grant Grant
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
	// Code is what the person signs in with, sent to Email; the zero value where
	// it was a password.
	Code  CodeRef
	Email string
	// Found out on the way.
	GiteaToken Secret
	Grant      Grant
}

func (in *signingIn) ref() DirectoryRef {
	return DirectoryRef{AccountID: in.Session.AccountID, Username: in.Username}
}

// SignIn checks the password and opens a session on all three systems, or on
// none. BadCredentials, TooOften (with when to try again) where passwords were
// tried too often, HumanCheckRequired, DirectoryFailed, StorageFailed, Busy or
// Internal.
func (s *Service) SignIn(ctx context.Context, in Credentials) (SignedIn, saga.Receipt, error) {
	const op = "sign in"
	account, err := s.checkPassword(ctx, in)
	if err != nil {
		return SignedIn{}, saga.Receipt{}, failed(op, err)
	}
	return s.open(ctx, op, account, in, CodeRef{})
}

// open runs the sign-in saga for a person who has shown who he is.
func (s *Service) open(ctx context.Context, op string, account Account, in Credentials, code CodeRef) (SignedIn, saga.Receipt, error) {
	session := s.newSession(account, in)
	signedIn, err := s.tokensFor(account, session, in.AccessTTL)
	if err != nil {
		return SignedIn{}, saga.Receipt{}, failed(op, err)
	}
	state, receipt, err := s.signIn.Execute(by(ctx, account.ID), account.ID, signingIn{
		Session: session, Username: account.Username,
		StorageKey: account.StorageKey, StorageSecret: account.StorageSecret,
		Code: code, Email: account.Email,
	})
	if err != nil {
		return SignedIn{}, receipt, failed(op, err)
	}
	account.EmailVerified = account.EmailVerified || code != CodeRef{}
	if code == (CodeRef{}) { // else nobody has looked at the password
		s.heal(ctx, account, in.Password)
		s.keepTheirs(ctx, account, in.Password)
	}
	signedIn.Account, signedIn.GiteaToken, signedIn.Grant = account, state.GiteaToken, state.Grant
	return signedIn, receipt, nil
}

// tokensFor is the session with its own tokens; one alone without a ttl.
func (s *Service) tokensFor(a Account, session Session, ttl time.Duration) (SignedIn, error) {
	in, claims := SignedIn{Session: session}, accessClaims(a, session, session.CreatedAt, 0)
	var err error
	in.AccessToken, err = s.Tokens.Issue(claims)
	if err != nil || ttl <= 0 {
		return in, err
	}
	claims.Kind = RefreshToken
	if in.RefreshToken, err = s.Tokens.Issue(claims); err != nil {
		return in, err
	}
	in.ShortToken, err = s.Tokens.Issue(accessClaims(a, session, session.CreatedAt, ttl))
	return in, err
}

// checkPassword does the same work for every outcome, so that its time does
// not tell a known account from an unknown one.
func (s *Service) checkPassword(ctx context.Context, in Credentials) (Account, error) {
	var account Account
	ok, err := s.tried(ctx, in, func() (ok bool, err error) {
		account, err = s.find(ctx, in)
		if err != nil && KindOf(err) != NotFound {
			return false, err
		}
		return s.rightPassword(ctx, account, in.Password)
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

// tried runs the check of a sign-in within the bounds of how often it may fail.
func (s *Service) tried(ctx context.Context, in Credentials, check func() (bool, error)) (bool, error) {
	return s.humanly(ctx, in, func() (bool, error) { return s.guarded(ctx, s.signInTries(in), check) })
}

func (s *Service) find(ctx context.Context, in Credentials) (Account, error) {
	if in.Username != "" {
		return s.named(ctx, in.Username)
	}
	return s.findTarget(ctx, Target{Email: in.Email, Country: in.Country, Mobile: in.Mobile})
}

func (s *Service) newSession(a Account, in Credentials) Session {
	ttl := s.settings.SessionTTL
	if in.Keep {
		ttl = s.settings.KeepTTL
	}
	if in.TTL > 0 {
		ttl = in.TTL
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
			Name: "reserve session", Kind: saga.Compensable, Local: true, Do: s.reserveSession,
			Undo: func(ctx context.Context, in *signingIn) error {
				if err := s.Sessions.Discard(ctx, in.Session.ID); err != nil || in.Code == (CodeRef{}) {
					return err
				}
				return s.Codes.GiveBack(ctx, in.Code)
			},
		}),
		saga.Parallel(
			saga.Step[signingIn]{
				Name: "make Gitea token", Kind: saga.Compensable,
				Do: func(ctx context.Context, in *signingIn) (err error) {
					in.GiteaToken, err = s.Directory.CreateToken(ctx, in.ref(), in.Session.GiteaTokenName())
					return err
				},
				Undo: func(ctx context.Context, in *signingIn) error {
					return s.Directory.DeleteToken(ctx, in.ref(), in.Session.GiteaTokenName())
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
			Do: func(ctx context.Context, in *signingIn) error {
				if err := s.Sessions.Open(ctx, in.Session.ID, s.Now()); err != nil || in.Code == (CodeRef{}) {
					return err
				}
				return s.Accounts.VerifyEmail(ctx, in.Session.AccountID, in.Email, s.Now())
			},
		}),
	)
}

// reserveSession also uses the code up that was given for a password.
func (s *Service) reserveSession(ctx context.Context, in *signingIn) error {
	if in.Code != (CodeRef{}) {
		if err := s.Codes.Redeem(ctx, in.Code, s.Now()); err != nil {
			return err
		}
	}
	return s.Sessions.Reserve(ctx, in.Session)
}
