package app

import (
	"cmp"
	"context"
	"errors"

	"accord/app/verify"
	"accord/saga"
)

// Registration is what a newcomer gives, or an administrator for him.
type Registration struct {
	// Email may be empty where Mobile is given.
	Username, Email string
	// NoUsername asks for a user name made of the accountId.
	NoUsername bool
	Password   Secret
	// Language of the welcome mail, "zh" or "en".
	Language string
	// Nickname is the user name where it is empty.
	Nickname string
	// Website and AvatarURL may be empty; Gitea shows them once the account is
	// there.
	Website, AvatarURL string
	// Country and Mobile are bound at once; the country is the platform's first
	// one where it is empty.
	Country, Mobile string
	// EmailCode and MobileCode are verification codes that were sent to the
	// address and the number. Empty: none is redeemed, and the address is not
	// verified.
	EmailCode, MobileCode Secret
	// EmailVerified and MobileVerified say that it was proved before. Never taken
	// from a body.
	EmailVerified, MobileVerified bool
	// Proven says that VerifyTarget has to have proved Email and Mobile, those of
	// them that are given, to Client as in Target, or with ProofCode; that is used
	// up.
	Proven     bool
	Client     string
	ProofCode  Secret
	Attributes Attributes
	// Invite is an invitation code to use; empty uses none.
	Invite Secret
	// Role is given by CreatePerson alone; empty means User.
	Role Role
}

// registration is the state of the register saga. Steps of one stage write
// different fields.
type registration struct {
	Account  Account
	Password Secret
	Language string
	// Actor is the administrator who asks; empty where a newcomer does himself.
	Actor  string
	Codes  []CodeRef
	Invite Secret
	// Prove names the proofs that have to be used up.
	Prove []string
	// Client is the network address of a newcomer; Charged is what is returned if
	// the account is not made.
	Client  string
	Charged []verify.Receipt
	// Ungreeted: the platform sent no more mails, and sends no welcome.
	Ungreeted bool
	// Attributes are nil where there are none.
	Attributes *Attributes
	// Picture is the avatar as a PNG; empty where there is none.
	Picture []byte
	// Found out on the way.
	InviteID     int64
	Spent        []ProofRef
	GiteaID      int64
	PasswordHash Secret
	// Sealed: Gitea has a random password.
	Sealed bool
	// AddressPending: Gitea has a placeholder for the address, which another user of
	// ours has as a second one.
	AddressPending bool
}

// Register makes an account on all three systems, or on none. Invalid,
// UserTaken, EmailTaken, MobileTaken, CodeWrong (also for what should be proved
// and is not), InviteWrong, Forbidden for any role but User, PictureFailed,
// DirectoryFailed, StorageFailed, Busy or Internal.
func (s *Service) Register(ctx context.Context, in Registration) (saga.Receipt, error) {
	_, receipt, err := s.RegisterAccount(ctx, in)
	return receipt, err
}

// RegisterAccount is Register and returns the account too, as far as a newcomer
// may know it.
func (s *Service) RegisterAccount(ctx context.Context, in Registration) (Account, saga.Receipt, error) {
	const op = "register"
	if !User.AtLeast(in.Role) {
		return Account{}, saga.Receipt{}, &Error{Kind: Forbidden, Op: op}
	}
	return s.enrol(ctx, op, "", in)
}

// enrol registers a newcomer on behalf of an administrator, or of himself where
// actor is empty.
func (s *Service) enrol(ctx context.Context, op, actor string, in Registration) (Account, saga.Receipt, error) {
	in = s.normalised(in)
	if v := s.newcomerViolations(in); len(v) > 0 {
		return Account{}, saga.Receipt{}, &Error{Kind: Invalid, Op: op, Violations: v}
	}
	if _, number := s.asNumber(in.Username); number && actor != "" && in.MobileCode == "" { // an administrator's word proves no number
		return Account{}, saga.Receipt{}, invalid(op, "username", Pattern)
	}
	wanted := registration{Password: in.Password, Language: in.Language, Actor: actor, Invite: in.Invite, Client: clientOf(ctx)}
	if in.Attributes != (Attributes{}) {
		wanted.Attributes = &in.Attributes
	}
	if err := s.chargeLookup(ctx, actor); err != nil {
		return Account{}, saga.Receipt{}, failed(op, err)
	}
	var err error
	if wanted.Codes, err = s.registrationCodes(ctx, actor, in); err != nil {
		return Account{}, saga.Receipt{}, failed(op, err)
	}
	if wanted.Prove, err = s.registrationProofs(ctx, in); err != nil {
		return Account{}, saga.Receipt{}, failed(op, err)
	}
	if s.uploadedByAnother(Account{ID: actor}, in.AvatarURL) { // a newcomer has uploaded nothing yet
		return Account{}, saga.Receipt{}, invalid(op, "avatarUrl", Pattern)
	}
	if in.AvatarURL != "" {
		if wanted.Picture, err = s.Pictures.Fetch(ctx, in.AvatarURL); err != nil {
			return Account{}, saga.Receipt{}, failed(op, err)
		}
	}
	account := in.account()
	account.StorageSecret = s.IDs.StorageSecret()
	account.MobileHeld = actor != "" && in.Mobile != "" && in.MobileCode == ""
	return s.draw(ctx, op, account, wanted, in.NoUsername)
}

// draw registers the account under a fresh id, and where that is used under
// another. unnamed accounts have their user name from it.
func (s *Service) draw(ctx context.Context, op string, account Account, wanted registration, unnamed bool) (Account, saga.Receipt, error) {
	var receipt saga.Receipt
	var err error
	for try := range idTries {
		wanted.Account, err = s.newAccount(account, try, unnamed)
		if err != nil {
			return Account{}, receipt, failed(op, err)
		}
		receipt, err = carryOut(by(ctx, cmp.Or(wanted.Actor, wanted.Account.ID)), s.register, wanted.Account.ID, wanted)
		if err == nil {
			account = wanted.Account
			account.Status, account.StorageSecret = Normal, ""
			return account, receipt, nil
		}
		squatted := unnamed && KindOf(err) == UserTaken
		if !errors.Is(err, ErrIDTaken) && !squatted {
			break
		}
	}
	return Account{}, unlessRefused(receipt, err), failed(op, err)
}

// account is the account that a newcomer gets, without what is drawn.
func (in Registration) account() Account {
	return Account{
		Username: in.Username, Email: in.Email, EmailVerified: in.Email != "" && (in.EmailVerified || in.Proven || in.EmailCode != ""),
		Country: in.Country, Mobile: in.Mobile, Profile: in.profile(),
		Status: Reserved, Role: cmp.Or(in.Role, User), GiteaOrigin: Created, GiteaPassword: SamePassword, StorageOrigin: Created,
	}
}

// newAccount gives the account its numbers, and what is made of them.
func (s *Service) newAccount(a Account, try int, unnamed bool) (Account, error) {
	userID, err := s.IDs.UserID()
	if err != nil {
		return a, err
	}
	now := s.Now()
	a.ID, a.UserID, a.CreatedAt, a.UpdatedAt = s.IDs.AccountID(now.Add(idShift(try))), userID, now, now
	a.StorageKey = StorageKeyOf(a.ID)
	if unnamed {
		a.Username = generatedPrefix + a.ID
		a.Nickname = cmp.Or(a.Nickname, a.Username)
	}
	a.Email = cmp.Or(a.Email, placeholderOf(a.ID))
	return a, nil
}

// generatedPrefix begins the user names that are made of an accountId.
const generatedPrefix = "u"

// registrationCodes checks the codes of a newcomer. A number has to be proved,
// except to an administrator: it is what short messages of this account go to.
func (s *Service) registrationCodes(ctx context.Context, actor string, in Registration) ([]CodeRef, error) {
	var refs []CodeRef
	for _, code := range []struct {
		target string
		code   Secret
	}{{mailTarget(in.Email), in.EmailCode}, {smsTarget(in.Country, in.Mobile), in.MobileCode}} {
		if code.code == "" {
			continue
		}
		ref, err := s.checkCode(ctx, code.target, code.code, ForRegistration)
		if err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	if in.Mobile != "" && in.MobileCode == "" && !in.MobileVerified && !in.Proven && actor == "" {
		return nil, &Error{Kind: CodeWrong}
	}
	return refs, nil
}

// registrationProofs names the proofs that a newcomer needs, which must be there
// before anything is reserved. CodeWrong, for an Unproven, if one is missing.
func (s *Service) registrationProofs(ctx context.Context, in Registration) ([]string, error) {
	if !in.Proven {
		return nil, nil
	}
	var names []string
	var missing Unproven
	for _, given := range []struct {
		there   bool
		target  Target
		missing *bool
	}{
		{in.Email != "", Target{Email: in.Email, Client: in.Client}, &missing.Email},
		{in.Mobile != "", Target{Country: in.Country, Mobile: in.Mobile, Client: in.Client}, &missing.Mobile},
	} {
		if !given.there {
			continue
		}
		name, err := s.provenBy(ctx, given.target, in.ProofCode)
		if err != nil {
			return nil, err
		}
		*given.missing = name == ""
		names = append(names, name)
	}
	if missing != (Unproven{}) {
		return nil, &Error{Kind: CodeWrong, Err: &missing}
	}
	return names, nil
}

func (s *Service) registerFlow() saga.Definition[registration] {
	return saga.Sequence("register",
		saga.One(saga.Step[registration]{
			Name: "reserve account", Kind: saga.Compensable, Local: true,
			Do: s.reserveNewcomer, Undo: s.abandonNewcomer,
		}),
		saga.Parallel(
			saga.Step[registration]{
				Name: "create in Gitea", Kind: saga.Compensable, Do: s.createInDirectory,
				Undo: s.removeFromDirectory,
			},
			saga.Step[registration]{
				Name: "create in storage", Kind: saga.Compensable,
				Do: func(ctx context.Context, r *registration) error {
					return s.Storage.CreateUser(ctx, r.Account.StorageKey, r.Account.StorageSecret)
				},
				Undo: func(ctx context.Context, r *registration) error {
					return s.Storage.RemoveUser(ctx, r.Account.StorageKey)
				},
			},
			saga.Step[registration]{
				Name: "hash password", Kind: saga.Compensable,
				Do: func(ctx context.Context, r *registration) (err error) {
					r.PasswordHash, err = s.Hasher.Hash(ctx, r.Password)
					return err
				},
			},
		),
		saga.One(saga.Step[registration]{
			Name: "activate", Kind: saga.Pivot, Local: true, Do: s.activate,
		}),
		saga.Parallel(
			saga.Step[registration]{
				Name: "mail a welcome", Kind: saga.Retriable, Detached: true,
				Do: s.mailWelcome,
			},
			s.showNewcomer(),
		),
	)
}

// mailWelcome greets a newcomer. A mail to an address that nobody has proved to
// read contains no text that a stranger chose, such as the user name. An account
// that is leaving or gone by then gets none.
func (s *Service) mailWelcome(ctx context.Context, r *registration) error {
	if !r.Account.HasEmail() || r.Ungreeted {
		return nil
	}
	account, err := s.Accounts.ByID(ctx, r.Account.ID)
	if KindOf(err) == NotFound {
		return nil
	}
	if err != nil || !account.Status.kept() {
		return err
	}
	mail := Mail{Kind: MailWelcome, To: r.Account.Email, Language: r.Language}
	if r.Account.EmailVerified {
		mail.Username = r.Account.Username
	}
	return s.deliver(ctx, mail)
}

func (s *Service) reserveNewcomer(ctx context.Context, r *registration) (err error) {
	if err := s.mayCreate(ctx, r.Actor, r.Account.Role); err != nil {
		return err
	}
	if err := s.chargeNewcomer(ctx, r); err != nil {
		return err
	}
	if err := s.Accounts.Reserve(ctx, r.Account); err != nil {
		return err
	}
	for _, code := range r.Codes {
		if err := s.Codes.Redeem(ctx, code, s.Now()); err != nil {
			return err
		}
	}
	if r.Spent, err = s.spendProofs(ctx, r.Prove, CodeWrong); err != nil {
		return err
	}
	return s.spendInvite(ctx, r)
}

func (s *Service) abandonNewcomer(ctx context.Context, r *registration) error {
	for _, code := range r.Codes {
		if err := s.Codes.GiveBack(ctx, code); err != nil {
			return err
		}
	}
	if err := s.giveProofsBack(ctx, r.Spent); err != nil {
		return err
	}
	if r.InviteID != 0 {
		if err := s.Invites.GiveBack(ctx, r.InviteID, r.Account.ID); err != nil {
			return err
		}
	}
	if err := s.Admission.Return(ctx, r.Charged); err != nil {
		return err
	}
	return s.Accounts.Abandon(ctx, r.Account.ID, s.Now())
}

func (s *Service) createInDirectory(ctx context.Context, r *registration) error {
	user := DirectoryUser{
		AccountID: r.Account.ID, Username: r.Account.Username, Email: r.Account.Email, FullName: r.Account.Nickname,
	}
	user.Password, r.Sealed = s.passwordForGitea(r.Password)
	proved := r.Account.EmailVerified // no one loses an address to a user who has not proved it
	id, pending, err := s.createGiteaUser(ctx, user, proved)
	var taken *Taken
	if errors.As(err, &taken) && taken.Mark != "" {
		removed, lateErr := s.removeLateEffect(ctx, *taken)
		if lateErr != nil {
			return saga.Refused(lateErr)
		}
		if removed {
			id, pending, err = s.createGiteaUser(ctx, user, proved)
		}
	}
	r.GiteaID, r.AddressPending = id, pending
	return err
}

// removalRounds is how often one try looks for a user that was renamed meanwhile.
const removalRounds = 3

var errStaysThere = errors.New("the user is still there after it was removed")

// removeFromDirectory removes the new user, even if it was renamed meanwhile: its
// password already works there. It is shut out first, so that it can neither be
// renamed again nor, if it has pushed something and so stays, be used.
func (s *Service) removeFromDirectory(ctx context.Context, r *registration) error {
	for range removalRounds {
		users, err := s.DirectoryRepairs.UsersMarked(ctx, r.Account.ID)
		if err != nil || len(users) == 0 {
			return err
		}
		for _, u := range users {
			if err := s.Directory.SetActive(ctx, u.Ref(), false); err != nil {
				return err
			}
			if err := s.Directory.RemoveUser(ctx, u.Username, r.Account.ID); err != nil {
				return err
			}
		}
	}
	return &Error{Kind: DirectoryFailed, Op: "undo a registration", Err: errStaysThere}
}

// removeLateEffect removes the remote user of a registration that was undone:
// Gitea may have carried its creation out after the compensation saw nothing.
func (s *Service) removeLateEffect(ctx context.Context, t Taken) (bool, error) {
	abandoned, err := s.Accounts.Abandoned(ctx, t.Mark)
	if err != nil || !abandoned {
		return false, err
	}
	return true, s.Directory.RemoveUser(ctx, t.Username, t.Mark)
}

func (s *Service) activate(ctx context.Context, r *registration) error {
	err := s.Accounts.Activate(ctx, r.Account.ID, Activation{
		PasswordHash: r.PasswordHash, GiteaID: r.GiteaID,
		StorageKey: r.Account.StorageKey, StorageSecret: r.Account.StorageSecret, At: s.Now(),
	})
	if err == nil {
		err = s.recordSealed(ctx, r.Account.ID, r.Sealed)
	}
	if err != nil || r.Attributes == nil {
		return err
	}
	return s.People.SetAttributes(ctx, r.Account.ID, *r.Attributes, s.Now())
}
