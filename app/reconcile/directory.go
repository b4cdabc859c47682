package reconcile

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"accord/app"
)

// tokenBatch is how many users' tokens are asked for before the account store is
// asked for their sessions.
const tokenBatch = 256

// directory compares the accounts with Gitea, by Gitea's numbers.
func (c *comparison) directory(ctx context.Context) error {
	d := &directoryComparison{comparison: c, unmarked: map[string]app.DirectoryView{}}
	if err := d.readSecondAddresses(ctx); err != nil {
		return err
	}
	accounts, ours := 0, 0
	err := merge(
		living(c.Accounts.ByGiteaID(ctx), &accounts), func(a app.Facts) int64 { return a.GiteaID },
		c.Directory.EachUser(ctx, c.o.Pace), func(v app.DirectoryView) int64 { return v.ID },
		func(a *app.Facts, v *app.DirectoryView) error {
			if v != nil {
				c.read(Gitea)
			}
			if v != nil && (v.Mark != "" || (a != nil && a.Owns(*v))) {
				ours++
			}
			return d.meet(ctx, a, v)
		})
	if err == nil {
		err = c.believable(Gitea, accounts, ours)
	}
	if err == nil {
		err = d.credentials(ctx)
	}
	if err == nil {
		err = d.match(ctx)
	}
	return err
}

type directoryComparison struct {
	*comparison
	// lacking accounts were not met; strays bear a mark and were not met.
	lacking []app.Facts
	strays  []app.DirectoryView
	// unmarked are users that bear no mark and have the number of an account's user,
	// by accountId.
	unmarked map[string]app.DirectoryView
	// seconds are the addresses of users beside their first ones, by Gitea's number.
	seconds map[int64][]string
	// pairs are users whose tokens and passwords are still to be looked at.
	pairs []pair
}

type pair struct {
	facts app.Facts
	user  app.DirectoryView
}

func (d *directoryComparison) meet(ctx context.Context, a *app.Facts, v *app.DirectoryView) error {
	if a != nil && v != nil && a.Owns(*v) {
		return d.compare(ctx, *a, *v)
	}
	if a != nil {
		d.lacking = append(d.lacking, *a)
	}
	if v != nil && v.Mark == "" {
		d.foreign(Gitea, v.Username)
		if a != nil && !v.External {
			d.unmarked[a.AccountID] = *v
		}
	}
	if v != nil && v.Mark != "" {
		d.strays = append(d.strays, *v)
	}
	if len(d.lacking) > d.o.MaxItems || len(d.strays) > d.o.MaxItems {
		return errTooMany
	}
	return nil
}

func (d *directoryComparison) compare(ctx context.Context, f app.Facts, v app.DirectoryView) error {
	if err := d.add(compareDirectory(f, v), privilegesInGitea(f, v), d.secondAddressesOf(f, v)); err != nil {
		return err
	}
	if d.pairs = append(d.pairs, pair{f, v}); len(d.pairs) < tokenBatch {
		return nil
	}
	return d.credentials(ctx)
}

// match finds strays that are the users of accounts which lack one; the rest of
// both is what it seems.
func (d *directoryComparison) match(ctx context.Context) error {
	ids := make([]string, len(d.strays))
	for n, v := range d.strays {
		ids[n] = v.Mark
	}
	known, err := d.Accounts.Find(ctx, ids)
	if err != nil {
		return err
	}
	if err := d.look(ctx); err != nil {
		return err
	}
	lacking := map[string]app.Facts{}
	for _, a := range d.lacking {
		lacking[a.AccountID] = a
	}
	// Of several that bear the mark of one account, that of its name comes first.
	slices.SortStableFunc(d.strays, func(a, b app.DirectoryView) int {
		return strings.Compare(nameOrder(known, a), nameOrder(known, b))
	})
	for _, v := range d.strays {
		a, lacks := lacking[v.Mark]
		switch {
		case lacks:
			delete(lacking, v.Mark)
			err = d.compare(ctx, a, v)
		case known[v.Mark].Status.Remote() && known[v.Mark].GiteaID == v.ID: // made meanwhile
		default:
			err = d.add(orphan(Gitea, v.Mark, known[v.Mark], Item{User: v}))
		}
		if err != nil {
			return err
		}
	}
	for _, a := range d.lacking {
		if _, still := lacking[a.AccountID]; still {
			item := missing(Gitea, a)
			if v, seen := d.unmarked[a.AccountID]; seen {
				item.Fields = []Field{{"user of its number", v.Username, a.Username}}
			}
			if err := d.add(item); err != nil {
				return err
			}
		}
	}
	return d.credentials(ctx)
}

func nameOrder(known map[string]app.Facts, v app.DirectoryView) string {
	if strings.EqualFold(known[v.Mark].Username, v.Username) {
		return v.Mark + " 0"
	}
	return v.Mark + " 1"
}

// orphan is the item of a user that is no account's: a is that of its mark, if
// there is or was one.
func orphan(system System, id string, a app.Facts, seen Item) Item {
	seen.System, seen.AccountID, seen.Removes = system, id, true
	// A second user that bears the mark of an account goes by its own name.
	if !a.Status.Remote() {
		seen.Username = a.Username
	}
	seen.Username = cmp.Or(seen.Username, seen.User.Username, seen.Storage.Key)
	seen.differs(Orphan)
	return seen
}

// look asks for each user that is missing once more, one by one: pages shift when
// users are removed while they are read. Those that are there join the strays.
func (d *directoryComparison) look(ctx context.Context) error {
	seen := map[int64]bool{}
	for _, v := range d.strays {
		seen[v.ID] = true
	}
	found := make([][]app.DirectoryView, len(d.lacking))
	err := d.together(ctx, len(d.lacking), func(ctx context.Context, n int) (err error) {
		found[n], err = d.Directory.UsersMarked(ctx, d.lacking[n].AccountID)
		return err
	})
	for _, users := range found {
		for _, v := range users {
			if !seen[v.ID] {
				d.strays = append(d.strays, v)
			}
		}
	}
	return err
}

// together does a bounded number of n things at a time, at the pace.
func (c *comparison) together(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(c.o.Together)
	for i := range n {
		if err := c.o.Pace(ctx); err != nil {
			return cmp.Or(group.Wait(), err)
		}
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

// credentials looks at the tokens and passwords of the pairs.
func (d *directoryComparison) credentials(ctx context.Context) error {
	pairs := d.pairs
	d.pairs = nil
	if err := d.passwords(ctx, pairs); err != nil || d.o.NoTokens {
		return err
	}
	return d.tokens(ctx, pairs)
}

// passwords finds users with a password in Gitea that should be sealed. A user
// without the mark is left until it is marked again.
func (d *directoryComparison) passwords(ctx context.Context, pairs []pair) error {
	if !d.o.Sealed {
		return nil
	}
	ids := make([]string, len(pairs))
	for n, p := range pairs {
		ids[n] = p.facts.AccountID
	}
	mirrored, err := d.Accounts.Mirrored(ctx, ids)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		item := itemOf(Gitea, p.facts)
		item.User = p.user
		if mirrored[p.facts.AccountID] && p.user.Mark == p.facts.AccountID && !p.user.External {
			item.differs(Password)
		}
		if err := d.add(item); err != nil {
			return err
		}
	}
	return nil
}

// over reports whether a token of the pair's user is to end: owner is the account
// whose open session it is named after, "" if there is none. A user that is another
// account's by its number may be disputed, and keeps what others lent it.
func (p pair) over(owner string) bool {
	return owner == "" || owner != p.facts.AccountID && p.facts.GiteaID == p.user.ID
}

// tokens finds the tokens of the pairs whose sessions are over, or another
// account's.
func (d *directoryComparison) tokens(ctx context.Context, pairs []pair) error {
	names := make([][]string, len(pairs))
	err := d.together(ctx, len(pairs), func(ctx context.Context, n int) (err error) {
		names[n], err = d.Directory.SessionTokens(ctx, pairs[n].user.Username)
		return err
	})
	if err != nil {
		return err
	}
	var sessions []string
	for _, of := range names {
		for _, name := range of {
			if session, ok := app.SessionOfToken(name); ok {
				sessions = append(sessions, session)
			}
		}
	}
	open, err := d.Accounts.OpenSessions(ctx, sessions)
	if err != nil {
		return err
	}
	for n, p := range pairs {
		item := itemOf(Gitea, p.facts)
		item.User = p.user
		for _, name := range names[n] {
			session, ok := app.SessionOfToken(name)
			if ok && p.over(open[session]) {
				item.Tokens = append(item.Tokens, name)
			}
		}
		if len(item.Tokens) > 0 {
			item.differs(Token)
		}
		if err := d.add(item); err != nil {
			return err
		}
	}
	return nil
}
