package app

import (
	"context"

	"accord/saga"
)

// SignInByCode opens a session, as SignIn does, by a code that was sent to the
// address, and marks that address verified. Wrong codes and wrong passwords for
// one address are counted together. CodeWrong, also for an address without an
// account; BadCredentials where the code was right and the account's status
// forbids signing in; else as SignIn.
func (s *Service) SignInByCode(ctx context.Context, in Credentials) (SignedIn, saga.Receipt, error) {
	const op = "sign in by code"
	in.Username = "" // the code shows who has the address
	account, code, err := s.checkSignInCode(ctx, in)
	if err != nil {
		return SignedIn{}, saga.Receipt{}, failed(op, err)
	}
	return s.open(ctx, op, account, in, code)
}

// checkSignInCode asks for the account only where the code was right, so that
// whoever does not read the address's mail learns nothing by the time.
func (s *Service) checkSignInCode(ctx context.Context, in Credentials) (account Account, code CodeRef, err error) {
	ok, err := s.tried(ctx, in, func() (bool, error) {
		var err error
		if code, err = s.checkCode(ctx, mailTarget(in.Email), in.Code); err == nil {
			account, err = s.Accounts.ByEmail(ctx, in.Email)
		}
		if kind := KindOf(err); err != nil && kind != CodeWrong && kind != NotFound {
			return false, err
		}
		return err == nil, nil
	})
	switch {
	case err != nil:
		return Account{}, CodeRef{}, err
	case !ok:
		return Account{}, CodeRef{}, &Error{Kind: CodeWrong}
	case !account.MaySignIn():
		return Account{}, CodeRef{}, &Error{Kind: BadCredentials, Err: &NotAllowed{Status: account.Status}}
	}
	return account, code, nil
}
