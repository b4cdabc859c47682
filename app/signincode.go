package app

import (
	"context"

	"accord/saga"
)

// SignInByCode opens a session, as SignIn does, by a code that was sent to the
// address. The first proof of an address makes the account its reader's, see
// changeOwner, and is kept even if no session opens then: another code signs in.
// Wrong codes and wrong passwords for one address are counted together.
// CodeWrong, also for an address without an account; BadCredentials where the
// code was right and the account's status forbids signing in; else as SignIn.
func (s *Service) SignInByCode(ctx context.Context, in Credentials) (SignedIn, saga.Receipt, error) {
	const op = "sign in by code"
	in = s.typedAs(in)
	in.Username, in.Password = "", "" // the code shows who has the address
	who, err := s.checkSignInCode(ctx, in)
	if err != nil {
		return SignedIn{}, saga.Receipt{}, failed(op, err)
	}
	if who.changesOwner() {
		var receipt saga.Receipt
		if who.Account, receipt, err = s.changeOwner(ctx, who.Account, who.code); err != nil {
			return SignedIn{}, receipt, failed(op, s.returnSpent(ctx, who.spent, err))
		}
		who.code = CodeRef{} // it is redeemed
	}
	return s.open(ctx, op, in, who)
}

// checkSignInCode asks for the account only where the code was right, so that
// whoever does not read the address's mail learns nothing by the time.
func (s *Service) checkSignInCode(ctx context.Context, in Credentials) (admitted, error) {
	var account Account
	var code CodeRef
	owner := func() (string, error) {
		a, err := s.Accounts.ByEmail(ctx, in.Email)
		if KindOf(err) == NotFound {
			err = nil
		}
		return a.ID, err
	}
	compare := func() (bool, error) {
		var err error
		if code, err = s.checkCode(ctx, mailTarget(in.Email), in.Code, ForSignIn); err == nil {
			account, err = s.byAddress(ctx, in.Email)
		}
		if kind := KindOf(err); err != nil && kind != CodeWrong && kind != NotFound {
			return false, err
		}
		return err == nil, nil
	}
	ok, spent, err := s.guess(ctx, guessing{Credentials: in, owner: owner, compare: compare, refuse: compare})
	CallerOf(ctx).setAccount(account.ID)
	switch {
	case err != nil:
		return admitted{}, err
	case !ok:
		return admitted{}, &Error{Kind: CodeWrong}
	case !account.MaySignIn(): // it stays spent, as of a password
		return admitted{}, &Error{Kind: BadCredentials, Err: &NotAllowed{Status: account.Status}}
	}
	opened, err := s.admit(ctx, s.openedFor(account.ID))
	if err != nil {
		return admitted{}, s.returnSpent(ctx, spent, err)
	}
	return admitted{Account: account, code: code, spent: append(spent, opened...)}, nil
}
