package app

import (
	"context"

	"accord/saga"
)

// PasswordReset is what a person without a password gives instead.
type PasswordReset struct {
	// Email, or else Country and Mobile, is what the account has and the code was
	// sent to.
	Email           string
	Country, Mobile string
	Code, New       Secret
	// NeedsPermit: PermitReset must have permitted it, for Email, to the client of
	// this address.
	NeedsPermit bool
	Client      string
	// AfterVerify takes also the code that VerifyTarget redeemed for this Client a
	// short while ago, once.
	AfterVerify bool
}

// number is the one that the code was sent to, if it was a number.
func (r PasswordReset) number() string {
	if r.Email != "" {
		return ""
	}
	return r.Country + r.Mobile
}

func (r PasswordReset) target() Target {
	return Target{Email: r.Email, Country: r.Country, Mobile: r.Mobile}
}

// resettingPassword is the state of the sagas that set a password without the
// old one: by a code, or by the word of Actor, a super-administrator.
type resettingPassword struct {
	Account Account
	// Code is the zero value where a reset token was given.
	Code CodeRef
	// Verified is the address that the code was sent to, if it was an address.
	Verified string
	// Number is the one that the code was sent to, with the country's code first.
	Number string
	// Permits names the proofs that have to be used up, Redeemed the one that
	// stands for a code.
	Permits  []string
	Redeemed string
	// Actor is the administrator who asks; empty where a person does himself.
	Actor string
	New   Secret
	Hash  Secret
	Asked asked
	// Found out on the way.
	Spent   []ProofRef
	Ended   []Session
	Evicted evictions
	// Sealed: Gitea has a random password.
	Sealed bool
}

// changesOwner reports whether the code that resets the password is the first
// proof of the account's address. Its keys end then, too.
func (r *resettingPassword) changesOwner() bool { return r.Verified != "" && r.Account.changesOwner() }

// ResetPassword sets a password by a code that was sent to the account's address
// or number, in Gitea and here, and ends every session. Once Gitea may have
// taken it there is no way back, so a lost answer of Gitea's goes forward.
// Invalid, CodeWrong (also for an address or number without an account),
// HumanCheckRequired where it was not permitted, DirectoryFailed, Busy or
// Internal.
func (s *Service) ResetPassword(ctx context.Context, in PasswordReset) (saga.Receipt, error) {
	const op = "reset password"
	if !PasswordAllowed(in.New.Reveal()) {
		return saga.Receipt{}, invalid(op, "password", Pattern)
	}
	in.Email = normalisedEmail(in.Email)
	in.Country, in.Mobile = s.number(in.Country, in.Mobile)
	permits, err := s.permits(ctx, in)
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	code, redeemed, err := s.resetCode(ctx, in)
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	// A wrong code costs no hash, and a right one the same with an account or
	// without.
	hash, err := s.hash(ctx, in.New)
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	account, err := s.recovered(ctx, in.target())
	CallerOf(ctx).setAccount(account.ID)
	if KindOf(err) == NotFound || (err == nil && !account.MaySignIn()) {
		err = &Error{Kind: CodeWrong}
	}
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	return s.reset(ctx, op, resettingPassword{
		Account: account, Code: code, Verified: in.Email, Number: in.number(), Permits: permits, Redeemed: redeemed, New: in.New, Hash: hash,
	})
}

// resetCode checks the code: it is still to be redeemed, or else the name of the
// proof that it was is returned.
func (s *Service) resetCode(ctx context.Context, in PasswordReset) (ref CodeRef, redeemed string, err error) {
	ref, err = s.checkCode(ctx, in.target().codeTarget(), in.Code, ForReset)
	if in.AfterVerify && KindOf(err) == CodeWrong {
		target := in.target()
		target.Client = in.Client
		redeemed, err = s.redeemed(ctx, target, in.Code)
	}
	return ref, redeemed, err
}

// permits names the proofs that a reset needs, which must be there before a code
// is tried.
func (s *Service) permits(ctx context.Context, in PasswordReset) ([]string, error) {
	if !in.NeedsPermit {
		return nil, nil
	}
	name := s.permitProof(in.Client, in.Email)
	ok, err := s.Proofs.Has(ctx, name, s.Now())
	if err == nil && !ok {
		err = &Error{Kind: HumanCheckRequired}
	}
	return []string{name}, err
}

// recovered finds the account that a code sent to the target recovers.
func (s *Service) recovered(ctx context.Context, t Target) (Account, error) {
	if t.Email != "" {
		return s.byAddress(ctx, t.Email)
	}
	account, err := s.findTarget(ctx, t)
	if err == nil && account.MobileHeld {
		return Account{}, &Error{Kind: NotFound, Op: "find the account of a number"}
	}
	return account, err
}

func (s *Service) findTarget(ctx context.Context, t Target) (Account, error) {
	if t.Email != "" {
		return s.Accounts.ByEmail(ctx, t.Email)
	}
	return s.Mobiles.ByMobile(ctx, t.Country, t.Mobile)
}

// reset runs the saga and then lifts the locks that failed sign-ins left.
func (s *Service) reset(ctx context.Context, op string, r resettingPassword) (saga.Receipt, error) {
	ctx = by(ctx, r.Account.ID)
	r.Asked = s.askedBy(ctx, r.Account.ID)
	receipt, err := carryOut(ctx, s.resetPassword, r.Account.ID, r)
	if err != nil {
		return receipt, failed(op, err)
	}
	if err := s.clearThrottle(ctx, r.Account); err != nil { // the password is set all the same; the lock ends by itself
		s.Logger.WarnContext(ctx, "lifting the sign-in lock after a reset", "error", err)
	}
	return receipt, nil
}

func (s *Service) resetPasswordFlow() saga.Definition[resettingPassword] {
	return s.evictingAfterReset(exclusive("reset password",
		saga.One(saga.Step[resettingPassword]{
			Name: "redeem code", Kind: saga.Compensable, Local: true, Do: s.redeemForReset,
			Undo: func(ctx context.Context, r *resettingPassword) error {
				if err := s.giveProofsBack(ctx, r.Spent); err != nil || r.Code == (CodeRef{}) {
					return err
				}
				return s.Codes.GiveBack(ctx, r.Code)
			},
		}),
		s.resetInGitea(),
		s.resetHere(func(ctx context.Context, r *resettingPassword) error {
			err := s.setResetPassword(ctx, r)
			if err != nil || r.Verified == "" {
				return err
			}
			if r.changesOwner() { // the number is the former holder's, and would reset the password
				if err := s.Accounts.SetMobile(ctx, r.Account.ID, "", "", s.Now()); err != nil {
					return err
				}
			}
			return s.Accounts.VerifyEmail(ctx, r.Account.ID, r.Verified, s.Now())
		}),
		s.endAfterReset(),
	))
}

// redeemForReset uses up what the person showed. A reset token shows the
// credential epoch, and so is used up by the reset itself.
func (s *Service) redeemForReset(ctx context.Context, r *resettingPassword) (err error) {
	if err := s.Accounts.StillAt(ctx, r.Account.ID, r.Account.CredentialEpoch); err != nil {
		return err
	}
	if err := s.stillReached(ctx, r); err != nil {
		return err
	}
	if r.Spent, err = s.spendProofs(ctx, r.Permits, HumanCheckRequired); err != nil {
		return err
	}
	if r.Redeemed != "" {
		spent, err := s.spendProofs(ctx, []string{r.Redeemed}, CodeWrong)
		if err != nil {
			return err
		}
		r.Spent = append(r.Spent, spent...)
	}
	if r.Code == (CodeRef{}) {
		return nil
	}
	return s.Codes.Redeem(ctx, r.Code, s.Now())
}

// stillReached is CodeWrong if the address or number that the code was sent to no
// longer recovers the account.
func (s *Service) stillReached(ctx context.Context, r *resettingPassword) error {
	if r.Verified == "" && r.Number == "" {
		return nil
	}
	present, err := s.Accounts.ByID(ctx, r.Account.ID)
	switch {
	case err != nil:
	case r.Verified != "" && !present.reachedBy(r.Verified),
		r.Number != "" && (present.Country+present.Mobile != r.Number || present.MobileHeld):
		err = &Error{Kind: CodeWrong}
	}
	if err == nil {
		r.Account.EmailVerified = present.EmailVerified
	}
	return err
}

func (s *Service) resetInGitea() saga.Stage[resettingPassword] {
	return saga.One(saga.Step[resettingPassword]{
		Name: "set Gitea password", Kind: saga.Pivot,
		Do: func(ctx context.Context, r *resettingPassword) error {
			var password Secret
			password, r.Sealed = s.passwordForGitea(r.New)
			return s.setGiteaPassword(ctx, r.Account, password)
		},
	})
}

func (s *Service) resetHere(do saga.Action[resettingPassword]) saga.Stage[resettingPassword] {
	return saga.One(saga.Step[resettingPassword]{Name: "set password", Kind: saga.Retriable, Local: true, Do: do})
}

func (s *Service) setResetPassword(ctx context.Context, r *resettingPassword) (err error) {
	if r.Ended, err = s.Accounts.SetPassword(ctx, r.Account.ID, r.Hash, "", s.Now()); err != nil {
		return err
	}
	if err := s.evictLater(ctx, r.Account.ID); err != nil {
		return err
	}
	return s.recordSealed(ctx, r.Account.ID, r.Sealed)
}

func (s *Service) endAfterReset() saga.Stage[resettingPassword] {
	return saga.Parallel(
		saga.Step[resettingPassword]{
			Name: "end sessions", Kind: saga.Retriable,
			Do: func(ctx context.Context, r *resettingPassword) error { return s.endRemotely(ctx, r.Account, r.Ended) },
		},
		announcing(s, func(r *resettingPassword) announcement {
			kind := NoticePasswordReset
			if r.Actor != "" {
				kind = NoticePasswordSet
			}
			return r.Asked.announce(kind, r.Account)
		}),
	)
}

// evictingAfterReset adds the eviction to a flow that resets a password.
func (s *Service) evictingAfterReset(d saga.Definition[resettingPassword]) saga.Definition[resettingPassword] {
	return thenEvicting(s, d, func(r *resettingPassword) (eviction, *evictions) {
		return eviction{Account: r.Account, Keys: r.changesOwner()}, &r.Evicted
	}, func(r *resettingPassword) announcement { return r.Asked.announceEvicted(r.Account, r.Evicted) })
}
