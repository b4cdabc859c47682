package reconcile

import (
	"context"
	"slices"
	"strings"

	"accord/app"
)

// settle drops what has changed since it was compared, and sorts the rest out.
func (c *comparison) settle(ctx context.Context) error {
	ids := accountsOf(c.found)
	now, err := c.Accounts.Find(ctx, ids)
	if err != nil {
		return err
	}
	busy, err := c.Accounts.Busy(ctx, ids, c.plan.At)
	if err != nil {
		return err
	}
	names, err := c.namesInGitea(ctx)
	if err != nil {
		return err
	}
	for id, account := range now {
		names[id] = append(names[id], account.Username)
	}
	protect(c.o.Protected, names, c.found)
	c.found = slices.DeleteFunc(c.found, expected)
	var out []Item
	for _, i := range c.found {
		account := now[i.AccountID]
		switch {
		case busy[i.AccountID], !i.Has(Orphan) && account != i.Facts, i.Has(Orphan) && account.Status == app.Reserved:
			c.plan.Unsettled = append(c.plan.Unsettled, i)
		case i.Has(Orphan) && i.System == Gitea && !i.User.Active && !i.User.Adopted:
			out = append(out, i)
		default:
			c.plan.Items = append(c.plan.Items, i)
		}
	}
	if err := c.keep(ctx, out); err != nil {
		return err
	}
	for _, items := range [][]Item{c.plan.Items, c.plan.Kept, c.plan.Unsettled} {
		slices.SortStableFunc(items, inOrder)
	}
	return nil
}

func accountsOf(items []Item) []string {
	ids := make([]string, len(items))
	for n, i := range items {
		ids[n] = i.AccountID
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// namesInGitea are the names of orphans in Gitea by accountId. Orphans in the
// storage, whose keys say nothing to people, go by them, too.
func (c *comparison) namesInGitea(ctx context.Context) (map[string][]string, error) {
	names := map[string][]string{}
	var nameless []*Item
	for n := range c.found {
		switch i := &c.found[n]; {
		case i.Has(Orphan) && i.System == Gitea:
			names[i.AccountID] = append(names[i.AccountID], i.User.Username)
		case i.Has(Orphan) && i.Username == i.Storage.Key:
			nameless = append(nameless, i)
		}
	}
	if c.o.Only == InStorage && len(c.o.Protected) > 0 { // Gitea was not read
		users := make([][]app.DirectoryView, len(nameless))
		if err := c.together(ctx, len(nameless), func(ctx context.Context, n int) (err error) {
			users[n], err = c.Directory.UsersMarked(ctx, nameless[n].AccountID)
			return err
		}); err != nil {
			return nil, err
		}
		for _, v := range slices.Concat(users...) {
			names[v.Mark] = append(names[v.Mark], v.Username)
		}
	}
	for _, i := range nameless {
		if of := names[i.AccountID]; len(of) > 0 {
			i.Username = of[0]
		}
	}
	return names, nil
}

// keep sorts out orphans in Gitea that are shut out already: those that have
// something there are kept, the others are removed.
func (c *comparison) keep(ctx context.Context, out []Item) error {
	into := make([]*[]Item, len(out))
	err := c.together(ctx, len(out), func(ctx context.Context, n int) error {
		has, err := c.Directory.Belongings(ctx, out[n].User.Ref())
		switch {
		case err != nil:
			into[n] = &c.plan.Unsettled
			return c.goneOr(ctx, out[n].User, err)
		case has.Anything():
			into[n] = &c.plan.Kept
		default:
			into[n] = &c.plan.Items
		}
		return nil
	})
	if err != nil {
		return err
	}
	for n, i := range out {
		*into[n] = append(*into[n], i)
	}
	return nil
}

// goneOr returns err unless the user is not there any more as it was read.
func (c *comparison) goneOr(ctx context.Context, read app.DirectoryView, err error) error {
	now, found, lookErr := c.Directory.UserNumbered(ctx, read.ID)
	if lookErr == nil && (!found || now != read) {
		return nil
	}
	return err
}

func inOrder(a, b Item) int {
	if n := strings.Compare(app.FoldKey(a.Username), app.FoldKey(b.Username)); n != 0 {
		return n
	}
	if n := strings.Compare(a.AccountID, b.AccountID); n != 0 {
		return n
	}
	return strings.Compare(string(a.System), string(b.System))
}
