package reconcile_test

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"accord/app"
	"accord/app/reconcile"
)

var errOfTest = reconcile.Incomplete("of the test")

// accounts is an account store as lists.
type accounts struct {
	all []app.Facts
	// since is what became of accounts after they were read.
	since []app.Facts
	busy  map[string]bool
	open  map[string]string
	// mirrored accounts have a password in Gitea that the user knows.
	mirrored map[string]bool
}

func each[T any](all []T, fault error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
		if fault != nil {
			var none T
			yield(none, fault)
		}
	}
}

func (a accounts) by(order func(x, y app.Facts) int) iter.Seq2[app.Facts, error] {
	living := slices.DeleteFunc(slices.Clone(a.all), func(f app.Facts) bool {
		return f.Status == app.Deleted || f.Status == app.Abandoned
	})
	slices.SortFunc(living, order)
	return each(living, nil)
}

func byID(x, y app.Facts) int { return strings.Compare(x.AccountID, y.AccountID) }

func (a accounts) ByGiteaID(context.Context) iter.Seq2[app.Facts, error] {
	return a.by(func(x, y app.Facts) int { return cmp.Or(cmp.Compare(x.GiteaID, y.GiteaID), byID(x, y)) })
}

func (a accounts) ByID(context.Context) iter.Seq2[app.Facts, error] { return a.by(byID) }

func (a accounts) Count(context.Context) (int, error) { return len(a.all), nil }

func (a accounts) Find(_ context.Context, ids []string) (map[string]app.Facts, error) {
	found := map[string]app.Facts{}
	for _, f := range append(slices.Clone(a.all), a.since...) {
		if slices.Contains(ids, f.AccountID) {
			found[f.AccountID] = f
		}
	}
	return found, nil
}

func (a accounts) Busy(context.Context, []string, time.Time) (map[string]bool, error) {
	return a.busy, nil
}

func (a accounts) Pending(context.Context, int) ([]reconcile.PendingSaga, int, error) {
	return nil, 0, nil
}

func (a accounts) OpenSessions(context.Context, []string) (map[string]string, error) {
	return a.open, nil
}

func (a accounts) Mirrored(context.Context, []string) (map[string]bool, error) {
	return a.mirrored, nil
}

// directory is Gitea as lists. hidden users are passed over by the listing, as
// when pages shift.
type directory struct {
	users  []app.DirectoryView
	hidden []int64
	tokens map[string][]string
	// seconds are addresses beside the first ones.
	seconds []reconcile.HeldAddress
	// repositories are what users have.
	repositories map[string][]string
	fault        error
	// lost is the error of asking what a user has; gone are there no more by then.
	lost error
	gone []int64
}

func (d directory) EachUser(context.Context, reconcile.Pace) iter.Seq2[app.DirectoryView, error] {
	shown := slices.DeleteFunc(slices.Clone(d.users), func(v app.DirectoryView) bool { return slices.Contains(d.hidden, v.ID) })
	return each(shown, d.fault)
}

func (d directory) EachSecondAddress(context.Context, reconcile.Pace) iter.Seq2[reconcile.HeldAddress, error] {
	return each(d.seconds, d.fault)
}

func (d directory) SecondAddresses(_ context.Context, accountID string) (held []reconcile.HeldAddress, err error) {
	for _, v := range d.users {
		for _, h := range d.seconds {
			if v.Mark == accountID && h.UserID == v.ID {
				held = append(held, h)
			}
		}
	}
	return held, nil
}

func (d directory) SessionTokens(_ context.Context, username string) ([]string, error) {
	return d.tokens[username], nil
}

func (d directory) UserNumbered(_ context.Context, id int64) (app.DirectoryView, bool, error) {
	for _, v := range d.users {
		if v.ID == id && !slices.Contains(d.gone, id) {
			return v, true, nil
		}
	}
	return app.DirectoryView{}, false, nil
}

func (d directory) UsersMarked(_ context.Context, accountID string) ([]app.DirectoryView, error) {
	return slices.DeleteFunc(slices.Clone(d.users), func(v app.DirectoryView) bool { return v.Mark != accountID }), nil
}

func (d directory) Belongings(_ context.Context, ref app.DirectoryRef) (app.Belongings, error) {
	for _, v := range d.users {
		if v.Ref() == ref {
			return app.Belongings{Repositories: d.repositories[v.Username]}, d.lost
		}
	}
	return app.Belongings{}, errOfTest
}

// storage likewise; late users are not listed yet.
type storage struct {
	users, late []app.StorageView
	fault       error
}

func (s storage) EachUser(context.Context) iter.Seq2[app.StorageView, error] {
	return each(s.users, s.fault)
}

func (s storage) User(_ context.Context, key string) (app.StorageView, bool, error) {
	for _, v := range append(slices.Clone(s.users), s.late...) {
		if v.Key == key {
			return v, true, nil
		}
	}
	return app.StorageView{}, false, nil
}

// situation is three systems to compare.
type situation struct {
	accounts  accounts
	directory directory
	storage   storage
	options   reconcile.Options
}

func unpaced(ctx context.Context) error { return ctx.Err() }

func options() reconcile.Options {
	return reconcile.Options{
		Together: 4, Pace: unpaced, MaxItems: 1000, Foreign: 100,
		Now: func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) },
	}
}

func (s *situation) compare(ctx context.Context) (reconcile.Plan, error) {
	return reconcile.Compare(ctx, reconcile.Systems{Accounts: s.accounts, Directory: s.directory, Storage: s.storage}, s.options)
}
