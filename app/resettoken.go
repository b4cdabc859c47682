package app

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"accord/saga"
)

// resetTokenLifetime is how long a reset token is good for its one password.
const resetTokenLifetime = 5 * 24 * time.Hour

// TokenReset is a new password with the token of VerifyForReset.
type TokenReset struct {
	Token Secret
	// Username, where it is not empty, must be the account's, or its address or
	// number, which sign in as well.
	Username string
	New      Secret
}

// VerifyForReset redeems a code that was sent to an account's address, marks the
// address verified, and gives a token that sets one password, see ResetByToken:
// it is good for five days, until the credentials or the address change.
// CodeWrong; only where the code was right NotFound for an address without an
// account, and BadCredentials where its status forbids signing in; or Internal.
func (s *Service) VerifyForReset(ctx context.Context, email string, code Secret) (Secret, error) {
	const op = "verify for a reset"
	ref, err := s.checkCode(ctx, mailTarget(email), code)
	if err != nil {
		return "", failed(op, err)
	}
	account, err := s.Accounts.ByEmail(ctx, email)
	if err == nil && !account.MaySignIn() {
		err = &Error{Kind: BadCredentials, Err: &NotAllowed{Status: account.Status}}
	}
	if err != nil {
		return "", failed(op, err)
	}
	now := s.Now()
	token, err := s.Tokens.Issue(Claims{
		Kind: ResetToken, UserID: account.UserID, AccountID: account.ID, Binding: bindingOf(account),
		IssuedAt: now, ExpiresAt: now.Add(resetTokenLifetime),
	})
	if err == nil {
		err = s.Codes.Redeem(ctx, ref, now)
	}
	if err == nil {
		err = s.Accounts.VerifyEmail(ctx, account.ID, email, now)
	}
	if err != nil {
		return "", failed(op, err)
	}
	return token, nil
}

// bindingOf is what must still hold when a reset token is used: who reads the
// address, and that no password was set since.
func bindingOf(a Account) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "reset\x00%s\x00%d\x00%s", a.ID, a.CredentialEpoch, FoldKey(a.Email)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// ResetByToken sets a password by a reset token, as ResetPassword does.
// TokenMissing, TokenInvalid (also where the token has been used, or is of
// another kind), TokenExpired, Invalid (field "username" for one that is not the
// account's), DirectoryFailed, Busy or Internal.
func (s *Service) ResetByToken(ctx context.Context, in TokenReset) (saga.Receipt, error) {
	const op = "reset password by token"
	account, err := s.accountToReset(ctx, in.Token)
	switch {
	case err != nil:
		return saga.Receipt{}, failed(op, err)
	case in.Username != "" && !account.isCalled(in.Username):
		return saga.Receipt{}, invalid(op, "username", Pattern)
	case !PasswordAllowed(in.New.Reveal()):
		return saga.Receipt{}, invalid(op, "password", Pattern)
	}
	hash, err := s.hash(ctx, in.New)
	if err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	receipt, err := s.reset(ctx, op, resettingPassword{Account: account, New: in.New, Hash: hash})
	if KindOf(err) == BadCredentials && err != nil { // another reset was faster
		err = &Error{Kind: TokenInvalid, Op: op, Err: err}
	}
	return receipt, err
}

// isCalled reports whether that is the account's user name, address or number.
func (a Account) isCalled(name string) bool {
	key := FoldKey(name)
	return key == FoldKey(a.Username) || key == FoldKey(a.Email) || key == a.Mobile
}

// accountToReset finds whose password the token may set.
func (s *Service) accountToReset(ctx context.Context, token Secret) (Account, error) {
	claims, err := s.read(token, ResetToken)
	if err != nil {
		return Account{}, err
	}
	account, err := s.Accounts.ByID(ctx, claims.AccountID)
	switch {
	case KindOf(err) == NotFound && err != nil:
		return Account{}, &Error{Kind: TokenInvalid}
	case err != nil:
		return Account{}, err
	case !account.MaySignIn() || bindingOf(account) != claims.Binding:
		return Account{}, &Error{Kind: TokenInvalid}
	}
	return account, nil
}
