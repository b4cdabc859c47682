package app

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"accord/saga"
)

// Whoever knows the password can add an address to the Gitea user and make it the
// first one there. Gitea sends links for a new password to it, so an eviction puts the
// account's own address in its place before it ends second ones.

// markedUsers finds the Gitea users that bear an account's mark. It is a part of
// DirectoryRepairs.
type markedUsers interface {
	UsersMarked(ctx context.Context, accountID string) ([]DirectoryView, error)
}

// presentlyAddressed returns the account with the address that it has now: it may
// have changed before the saga held the account. One that is not there any more
// has none.
func (s *Service) presentlyAddressed(ctx context.Context, a Account) (Account, error) {
	present, err := s.Accounts.ByID(ctx, a.ID)
	if err != nil && KindOf(err) != NotFound {
		return a, err
	}
	a.Email = present.Email
	return a, nil
}

// isOwn reports whether the address is the account's.
func (a Account) isOwn(address string) bool { return strings.EqualFold(address, a.Email) }

// foreignFirst lists the first addresses of the account's users in Gitea that are
// neither its own nor a placeholder, which receives nothing, as second addresses.
func foreignFirst(a Account, users []DirectoryView) (foreign []Credential) {
	for _, u := range users {
		if a.Email != "" && !a.isOwn(u.Email) && !strings.HasSuffix(FoldKey(u.Email), "@"+placeholderDomain) {
			foreign = append(foreign, secondAddress(u.Username, u.Email))
		}
	}
	return foreign
}

// withoutOwn leaves out the account's own address where it is a second one.
func withoutOwn(a Account, found []Credential) []Credential {
	return slices.DeleteFunc(found, func(c Credential) bool { return c.Kind == SecondAddress && a.isOwn(c.Name) })
}

// ownAddressFirst makes the account's own address the only one of its Gitea user
// if another one is the first there, and records the others in out. If Gitea does
// not give the account its address, the user gets a placeholder. It does nothing
// to a user that is gone. Idempotent.
func (s *Service) ownAddressFirst(ctx context.Context, a Account, out *Evicted) error {
	users, err := s.DirectoryRepairs.UsersMarked(ctx, a.ID)
	if err != nil {
		return err
	}
	foreign := foreignFirst(a, users)
	if len(foreign) == 0 {
		return nil
	}
	seconds, err := s.DirectoryCredentials.Credentials(ctx, a.ID, SecondAddress)
	if err != nil {
		return err
	}
	for _, first := range foreign {
		err := s.setOwnAddress(ctx, a, DirectoryRef{AccountID: a.ID, Username: first.User})
		if saga.IsRefused(err) {
			return err
		}
		ended := []Credential{first} // also if the answer is lost: it will end
		for _, c := range withoutOwn(a, seconds) {
			if c.User == first.User {
				ended = append(ended, c)
			}
		}
		out.record(without(ended, out.Ended))
		if err != nil {
			return err
		}
	}
	return nil
}

// setOwnAddress is Directory.SetEmail of the account's address. If Gitea refuses
// that, it sets the placeholder, or one that no one can have taken. It returns nil
// if the user is gone.
func (s *Service) setOwnAddress(ctx context.Context, a Account, ref DirectoryRef) error {
	var err error
	for _, address := range []string{a.Email, placeholderOf(a.ID), placeholderOf(s.IDs.SessionID())} {
		err = s.Directory.SetEmail(ctx, ref, address)
		if !saga.IsRefused(err) || KindOf(err) != EmailTaken && KindOf(err) != Invalid {
			break
		}
		s.Logger.LogAttrs(ctx, slog.LevelWarn, "Gitea does not give the account its address", slog.String("account", a.ID), slog.Any("err", err))
	}
	return s.unlessGone(ctx, a, err)
}
