package app

import (
	"cmp"
	"context"
	"time"

	"accord/app/verify"
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

// typed is the key that failed attempts are counted under. It depends only on the
// input, so it does not reveal whether an account exists.
func (in Credentials) typed(d Digests) string {
	switch {
	case in.Username != "":
		return "name/" + d.name(in.Username)
	case in.Email != "" || in.Mobile == "":
		return "mail/" + d.name(in.Email)
	}
	return "mobile/" + d.name(in.Country+in.Mobile)
}

// typedAs returns the credentials with names as accounts have them.
func (s *Service) typedAs(in Credentials) Credentials {
	in.Username, in.Email = field("username").Normalise(in.Username), normalisedEmail(in.Email)
	in.Country, in.Mobile = s.number(in.Country, in.Mobile)
	return in
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
	GiteaID       int64
	StorageKey    string
	StorageSecret Secret
	// Code is what the person signs in with, sent to Email; the zero value where
	// it was a password.
	Code  CodeRef
	Email string
	// Spent is what is returned if no session opens.
	Spent []verify.Receipt
	// Found out on the way.
	GiteaToken Secret
	Grant      Grant
}

func (in *signingIn) ref() DirectoryRef {
	return DirectoryRef{AccountID: in.Session.AccountID, Username: in.Username, GiteaID: in.GiteaID}
}

// SignIn checks the password and opens a session on all three systems, or on
// none. BadCredentials, TooOften (with when to try again) where passwords were
// tried too often, HumanCheckRequired, DirectoryFailed, StorageFailed, Busy or
// Internal.
func (s *Service) SignIn(ctx context.Context, in Credentials) (SignedIn, saga.Receipt, error) {
	const op = "sign in"
	in = s.typedAs(in)
	account, spent, err := s.checkPassword(ctx, in)
	if err != nil {
		return SignedIn{}, saga.Receipt{}, failed(op, err)
	}
	return s.open(ctx, op, in, admitted{Account: account, spent: spent})
}

// admitted is a user who may sign in now.
type admitted struct {
	Account
	// code was compared and is not redeemed; the zero value if there is none.
	code CodeRef
	// spent is what the session was charged to.
	spent []verify.Receipt
}

// open opens a session for users who have shown who they are. A user that is gone
// from Gitea is made again, and then the session is opened.
func (s *Service) open(ctx context.Context, op string, in Credentials, who admitted) (SignedIn, saga.Receipt, error) {
	signedIn, receipt, err := s.openOnce(ctx, op, in, who)
	if err == nil {
		return signedIn, receipt, nil
	}
	var again bool
	if who.Account, again = s.remade(ctx, who.Account, err); !again {
		return signedIn, receipt, err
	}
	who.spent = nil // it was returned
	return s.openOnce(ctx, op, in, who)
}

// openOnce runs the sign-in saga.
func (s *Service) openOnce(ctx context.Context, op string, in Credentials, who admitted) (SignedIn, saga.Receipt, error) {
	account, code := who.Account, who.code
	session := s.newSession(account, in)
	signedIn, err := s.tokensFor(account, session, in.AccessTTL)
	if err != nil {
		return SignedIn{}, saga.Receipt{}, failed(op, s.returnSpent(ctx, who.spent, err))
	}
	state, receipt, err := s.signIn.Execute(by(ctx, account.ID), account.ID, signingIn{
		Session: session, Username: account.Username, GiteaID: account.GiteaID,
		StorageKey: account.StorageKey, StorageSecret: account.StorageSecret,
		Code: code, Email: account.Email, Spent: who.spent,
	})
	if err != nil {
		if neverBegan(receipt, err) { // else the saga returns it
			err = s.returnSpent(ctx, who.spent, err)
		}
		return SignedIn{}, receipt, failed(op, err)
	}
	s.endExcess(ctx, account)
	s.noteVisit(ctx, account)
	account.EmailVerified = account.EmailVerified || code != CodeRef{}
	if code == (CodeRef{}) { // else nobody has looked at the password
		s.heal(ctx, account, in.Password)
		s.keepTheirs(ctx, account, in.Password)
		s.restorePassword(ctx, account, in.Password)
	}
	signedIn.Account, signedIn.GiteaToken, signedIn.Grant = s.shown(account), state.GiteaToken, state.Grant
	signedIn.Session.StorageAccessKey = state.Grant.AccessKeyID
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

// checkPassword does the same work for every outcome, so that its time does not
// reveal whether an account is known.
func (s *Service) checkPassword(ctx context.Context, in Credentials) (Account, []verify.Receipt, error) {
	if err := s.Admission.Held(s.signInClient(in)...); err != nil {
		return Account{}, nil, refusal(err)
	}
	account, err := s.find(ctx, in)
	if err != nil && KindOf(err) != NotFound {
		return Account{}, nil, err
	}
	CallerOf(ctx).setAccount(account.ID)
	ok, spent, err := s.guess(ctx, guessing{
		Credentials: in, accountID: account.ID, opening: []verify.Charge{s.openedFor(cmp.Or(account.ID, "none/"+in.typed(s.Digests)))},
		owner:   func() (string, error) { return account.ID, nil },
		compare: func() (bool, error) { return s.rightPassword(ctx, account, in.Password) },
		refuse:  func() (bool, error) { return s.rightPassword(ctx, Account{}, in.Password) },
	})
	switch {
	case err != nil:
		return Account{}, nil, err
	case !ok:
		return Account{}, nil, &Error{Kind: BadCredentials}
	case !account.MaySignIn(): // it stays spent: nothing else bounds what right passwords cost
		return Account{}, nil, &Error{Kind: BadCredentials, Err: &NotAllowed{Status: account.Status}}
	}
	return account, spent, nil
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
				if err := s.Sessions.Discard(ctx, in.Session.ID); err != nil {
					return err
				}
				if err := s.Admission.Return(ctx, in.Spent); err != nil || in.Code == (CodeRef{}) {
					return err
				}
				return s.Codes.GiveBack(ctx, in.Code)
			},
		}),
		saga.Parallel(
			saga.Step[signingIn]{
				Name: "make Gitea token", Kind: saga.Compensable,
				Do: s.makeGiteaToken,
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
					return s.Storage.Revoke(ctx, in.StorageKey, in.Session.ID, in.Grant.AccessKeyID)
				},
			},
		),
		saga.One(saga.Step[signingIn]{
			Name: "open session", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, in *signingIn) error {
				if err := s.openSession(ctx, in); err != nil {
					return err
				}
				if err := s.rememberClient(ctx, in.Session); err != nil || in.Code == (CodeRef{}) {
					return err
				}
				return s.proveAddress(ctx, in)
			},
		}),
	)
}

// proveAddress marks the address that the code was sent to as proved. CodeWrong if
// it is no longer the account's, or an administrator has set it since: a change of
// address ends no session and raises no epoch, but its old mailbox opens none.
func (s *Service) proveAddress(ctx context.Context, in *signingIn) error {
	present, err := s.Accounts.ByID(ctx, in.Session.AccountID) // its row is locked by now
	if err == nil && !present.reachedBy(in.Email) {
		err = &Error{Kind: CodeWrong}
	}
	if err != nil {
		return err
	}
	return s.Accounts.VerifyEmail(ctx, in.Session.AccountID, in.Email, s.Now())
}

// reachedBy reports whether a code that was sent to the address may recover the
// account.
func (a Account) reachedBy(email string) bool {
	return FoldKey(a.Email) == FoldKey(email) && !a.EmailHeld
}

// openSession also records which credentials the session received, so that they
// can be revoked with it, and told from others.
func (s *Service) openSession(ctx context.Context, in *signingIn) error {
	if err := s.Sessions.RecordGrant(ctx, in.Session.ID, in.Grant.AccessKeyID, EndOfToken(in.GiteaToken)); err != nil {
		return err
	}
	return s.Sessions.Open(ctx, in.Session.ID, s.Now())
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
