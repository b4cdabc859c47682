package reconcile

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"accord/app"
)

// only shows nothing of the systems but one account and its users there.
func (s Systems) only(accountID string) Systems {
	one := single{s, accountID}
	return Systems{Accounts: singleAccounts{s.Accounts, one}, Directory: singleDirectory{s.Directory, one}, Storage: singleStorage{s.Storage, one}}
}

type single struct {
	Systems
	accountID string
}

func (s single) accounts(ctx context.Context) iter.Seq2[app.Facts, error] {
	return func(yield func(app.Facts, error) bool) {
		found, err := s.Accounts.Find(ctx, []string{s.accountID})
		if a, ok := found[s.accountID]; ok || err != nil {
			yield(a, err)
		}
	}
}

type singleAccounts struct {
	Accounts
	one single
}

func (s singleAccounts) ByGiteaID(ctx context.Context) iter.Seq2[app.Facts, error] {
	return s.one.accounts(ctx)
}

func (s singleAccounts) ByID(ctx context.Context) iter.Seq2[app.Facts, error] {
	return s.one.accounts(ctx)
}

type singleDirectory struct {
	Directory
	one single
}

// EachUser yields those that bear the account's mark, and the one of its number.
func (s singleDirectory) EachUser(ctx context.Context, pace Pace) iter.Seq2[app.DirectoryView, error] {
	return func(yield func(app.DirectoryView, error) bool) {
		if err := pace(ctx); err != nil {
			yield(app.DirectoryView{}, err)
			return
		}
		users, err := s.UsersMarked(ctx, s.one.accountID)
		for a, accountErr := range s.one.accounts(ctx) {
			if err = cmp.Or(err, accountErr); err != nil {
				break
			}
			v, found, lookErr := s.UserNumbered(ctx, a.GiteaID)
			if err = lookErr; found && !slices.ContainsFunc(users, func(u app.DirectoryView) bool { return u.ID == v.ID }) {
				users = append(users, v)
			}
		}
		if err != nil {
			yield(app.DirectoryView{}, err)
			return
		}
		slices.SortFunc(users, func(a, b app.DirectoryView) int { return cmp.Compare(a.ID, b.ID) })
		for _, v := range users {
			// What bears the mark of another is another comparison's business.
			if (v.Mark == "" || v.Mark == s.one.accountID) && !yield(v, nil) {
				return
			}
		}
	}
}

// EachSecondAddress yields those of the account's users.
func (s singleDirectory) EachSecondAddress(ctx context.Context, pace Pace) iter.Seq2[HeldAddress, error] {
	return func(yield func(HeldAddress, error) bool) {
		if err := pace(ctx); err != nil {
			yield(HeldAddress{}, err)
			return
		}
		held, err := s.SecondAddresses(ctx, s.one.accountID)
		if err != nil {
			yield(HeldAddress{}, err)
			return
		}
		for _, h := range held {
			if !yield(h, nil) {
				return
			}
		}
	}
}

type singleStorage struct {
	Storage
	one single
}

// EachUser yields the account's, if there is one.
func (s singleStorage) EachUser(ctx context.Context) iter.Seq2[app.StorageView, error] {
	return func(yield func(app.StorageView, error) bool) {
		v, found, err := s.User(ctx, app.StorageKeyOf(s.one.accountID))
		if found || err != nil {
			yield(v, err)
		}
	}
}
