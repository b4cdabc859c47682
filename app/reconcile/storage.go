package reconcile

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"accord/app"
)

// storage compares the accounts with the storage, by access key. A server that
// does not list its users in order is read into memory and sorted.
func (c *comparison) storage(ctx context.Context) error {
	if err := c.o.Pace(ctx); err != nil {
		return err
	}
	before := c.mark()
	err := c.storageBy(ctx, c.Storage.EachUser(ctx))
	if errors.Is(err, errOrder) {
		c.reset(before)
		err = c.storageBy(ctx, sorted(c.Storage.EachUser(ctx)))
	}
	return err
}

// mark and reset forget what a reading found.
func (c *comparison) mark() [2]int { return [2]int{len(c.found), len(c.plan.ForeignNames)} }

func (c *comparison) reset(to [2]int) {
	c.found, c.plan.ForeignNames = c.found[:to[0]], c.plan.ForeignNames[:to[1]]
	c.plan.Read[InStorage], c.plan.Foreign[InStorage] = 0, 0
}

func sorted(users iter.Seq2[app.StorageView, error]) iter.Seq2[app.StorageView, error] {
	return func(yield func(app.StorageView, error) bool) {
		var all []app.StorageView
		for v, err := range users {
			if err != nil {
				yield(v, err)
				return
			}
			all = append(all, v)
		}
		slices.SortFunc(all, func(a, b app.StorageView) int { return strings.Compare(a.Key, b.Key) })
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func (c *comparison) storageBy(ctx context.Context, users iter.Seq2[app.StorageView, error]) error {
	var lacking []app.Facts
	var strays []app.StorageView
	accounts, ours := 0, 0
	err := merge(
		living(c.Accounts.ByID(ctx), &accounts), func(a app.Facts) string { return app.StorageKeyOf(a.AccountID) },
		users, func(v app.StorageView) string { return v.Key },
		func(a *app.Facts, v *app.StorageView) error {
			if v != nil {
				c.read(InStorage)
			}
			switch {
			case a != nil && v != nil:
				ours++
				return c.add(compareStorage(*a, *v), privilegesInStorage(*a, *v))
			case a != nil:
				lacking = append(lacking, *a)
			case strayKey(*v):
				ours++
				strays = append(strays, *v)
			default:
				c.foreign(InStorage, v.Key)
			}
			if len(lacking) > c.o.MaxItems || len(strays) > c.o.MaxItems {
				return errTooMany
			}
			return nil
		})
	if err == nil {
		err = c.believable(InStorage, accounts, ours)
	}
	if err == nil {
		err = c.lackingInStorage(ctx, lacking)
	}
	if err == nil {
		err = c.straysInStorage(ctx, strays)
	}
	return err
}

// strayKey reports whether a user without an account is ours: by its key and by
// the policy, since another Accord may keep its homes on the same storage.
func strayKey(v app.StorageView) bool {
	_, ok := accountOfKey(v.Key)
	return ok && v.Home
}

// lackingInStorage looks for each once more: an account may have been made since
// the users were listed.
func (c *comparison) lackingInStorage(ctx context.Context, lacking []app.Facts) error {
	items := make([]Item, len(lacking))
	err := c.together(ctx, len(lacking), func(ctx context.Context, n int) error {
		v, found, err := c.Storage.User(ctx, app.StorageKeyOf(lacking[n].AccountID))
		if found {
			items[n] = compareStorage(lacking[n], v)
		} else {
			items[n] = missing(InStorage, lacking[n])
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.add(items...)
}

func (c *comparison) straysInStorage(ctx context.Context, strays []app.StorageView) error {
	ids := make([]string, len(strays))
	for n, v := range strays {
		ids[n], _ = accountOfKey(v.Key)
	}
	known, err := c.Accounts.Find(ctx, ids)
	if err != nil {
		return err
	}
	for n, v := range strays {
		a := known[ids[n]]
		if a.Status.Remote() { // made meanwhile
			continue
		}
		if err := c.add(orphan(InStorage, ids[n], a, Item{Storage: v})); err != nil {
			return err
		}
	}
	return nil
}
