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

// VerifyForReset redeems a code that was sent to an account's address, as
// SignInByCode does, and gives a token that sets one password, see ResetByToken:
// it is good for five days, until the credentials or the address change, another
// one is given, or RevokeAll ends what the account has.
// CodeWrong; only where the code was right NotFound for an address without an
// account, BadCredentials where its status forbids signing in, and what a change
// of owner fails by: DirectoryFailed, StorageFailed or Busy; or Internal.
func (s *Service) VerifyForReset(ctx context.Context, email string, code Secret) (Secret, error) {
	const op = "verify for a reset"
	ref, err := s.checkCode(ctx, mailTarget(email), code, ForReset)
	if err != nil {
		return "", failed(op, err)
	}
	account, err := s.byAddress(ctx, email)
	CallerOf(ctx).setAccount(account.ID)
	if err == nil && !account.MaySignIn() {
		err = &Error{Kind: BadCredentials, Err: &NotAllowed{Status: account.Status}}
	}
	if err != nil {
		return "", failed(op, err)
	}
	token, err := s.tokenForReset(ctx, account, ref)
	return token, failed(op, err)
}

// tokenForReset redeems the code and gives the token for the account as it is
// then.
func (s *Service) tokenForReset(ctx context.Context, a Account, code CodeRef) (Secret, error) {
	var err error
	if a.changesOwner() {
		a, _, err = s.changeOwner(ctx, a, code)
	} else {
		err = s.Codes.Redeem(ctx, code, s.Now())
	}
	if err != nil {
		return "", err
	}
	now := s.Now()
	ends := now.Add(resetTokenLifetime).Truncate(time.Second) // as the token says it
	if err := s.Proofs.Put(ctx, newestResetToken(a.ID), ends, now); err != nil {
		return "", err
	}
	return s.Tokens.Issue(Claims{
		Kind: ResetToken, UserID: a.UserID, AccountID: a.ID, Binding: bindingOf(a), IssuedAt: now, ExpiresAt: ends,
	})
}

// newestResetToken names the proof that ends with the account's newest reset
// token. Those that end before it are void.
func newestResetToken(accountID string) string { return "reset token/" + accountID }

// voidResetTokens makes every reset token that the account was given until now
// void.
func (s *Service) voidResetTokens(ctx context.Context, accountID string) error {
	now := s.Now()
	return s.Proofs.Put(ctx, newestResetToken(accountID), now.Add(resetTokenLifetime+time.Second).Truncate(time.Second), now)
}

// bindingOf is what must still hold when a reset token is used: who reads the
// address, and that no password was set since.
func bindingOf(a Account) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "reset\x00%s\x00%d\x00%s", a.ID, a.CredentialEpoch, FoldKey(a.Email)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// ResetByToken sets a password by a reset token, as ResetPassword does, and
// returns whose it is.
// TokenMissing, TokenInvalid (also where the token has been used, or is of
// another kind), TokenExpired, Invalid (field "username" for one that is not the
// account's), DirectoryFailed, Busy or Internal.
func (s *Service) ResetByToken(ctx context.Context, in TokenReset) (Account, saga.Receipt, error) {
	const op = "reset password by token"
	in.Username = field("username").Normalise(in.Username)
	account, err := s.accountToReset(ctx, in.Token)
	switch {
	case err != nil:
		return Account{}, saga.Receipt{}, failed(op, err)
	case in.Username != "" && !account.isCalled(in.Username):
		return Account{}, saga.Receipt{}, invalid(op, "username", Pattern)
	case !PasswordAllowed(in.New.Reveal()):
		return Account{}, saga.Receipt{}, invalid(op, "password", Pattern)
	}
	hash, err := s.hash(ctx, in.New)
	if err != nil {
		return Account{}, saga.Receipt{}, failed(op, err)
	}
	receipt, err := s.reset(ctx, op, resettingPassword{Account: account, New: in.New, Hash: hash})
	if KindOf(err) == BadCredentials && err != nil { // another reset was faster
		err = &Error{Kind: TokenInvalid, Op: op, Err: err}
	}
	return account, receipt, err
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
	CallerOf(ctx).setAccount(account.ID)
	switch {
	case KindOf(err) == NotFound && err != nil:
		return Account{}, &Error{Kind: TokenInvalid}
	case err != nil:
		return Account{}, err
	case !account.MaySignIn() || bindingOf(account) != claims.Binding:
		return Account{}, &Error{Kind: TokenInvalid}
	}
	outlived, err := s.Proofs.Has(ctx, newestResetToken(account.ID), claims.ExpiresAt)
	if err == nil && outlived {
		err = &Error{Kind: TokenInvalid}
	}
	return account, err
}
