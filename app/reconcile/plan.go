package reconcile

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"accord/app"
)

// Systems are what is compared.
type Systems struct {
	Accounts  Accounts
	Directory Directory
	Storage   Storage
}

// Options say what is compared, and how hard.
type Options struct {
	// Only one system; empty for both.
	Only System
	// AccountID of the only account that is compared; empty for all, orphans too.
	AccountID string
	// NoTokens leaves Gitea's tokens out, which are asked for user by user.
	NoTokens bool
	// Sealed: no user's password may be in Gitea.
	Sealed bool
	// Credentials, if not nil, is asked for the foreign credentials of each account.
	Credentials Evictable
	// Foreign is how many foreign users are listed; they are counted anyway.
	Foreign int
	// Together bounds the requests to one system at a time; at least 1.
	Together int
	// Pace holds up every request but those to the account store.
	Pace Pace
	// Protected are user names or accountIds of accounts that are never mended. With
	// them, Gitea is asked whose the orphans in the storage are, even where the
	// storage alone is compared.
	Protected []string
	// AllowEmpty takes a system for really empty that shows none of our users.
	AllowEmpty bool
	// MaxItems bounds the differences; more are an error. At least 1.
	MaxItems int
	// Progress is told how many users of a system have been read.
	Progress func(s System, read int)
	Now      func() time.Time
}

// Plan is what differs, and what was seen beside.
type Plan struct {
	At time.Time
	// Systems are those that were compared.
	Systems []System
	// Accounts is how many accounts there are that are to have remote users.
	Accounts int
	// Read is how many users each system showed.
	Read map[System]int
	// Items are sorted by user name, then by system.
	Items []Item
	// Kept are orphans in Gitea that are shut out already and have something there:
	// an operator decides.
	Kept []Item
	// Unsettled are accounts that changed while they were compared, or are being
	// changed: nothing is said about them.
	Unsettled []Item
	// Pending are sagas that have not ended, the oldest of PendingTotal.
	Pending      []PendingSaga
	PendingTotal int
	// Foreign counts users that are not ours; ForeignNames are some of them.
	Foreign      map[System]int
	ForeignNames []Foreign
}

// Foreign is a user that is not ours.
type Foreign struct {
	System System
	Name   string
}

// InAccord reports whether nothing differs.
func (p Plan) InAccord() bool { return len(p.Items) == 0 }

// Differing is how many accounts the items are of.
func (p Plan) Differing() int { return len(accountsOf(p.Items)) }

// Counts tells how many items are of each kind on each system.
func (p Plan) Counts() map[System]map[Kind]int {
	counts := map[System]map[Kind]int{}
	for _, i := range p.Items {
		if counts[i.System] == nil {
			counts[i.System] = map[Kind]int{}
		}
		for _, k := range i.Kinds {
			counts[i.System][k]++
		}
	}
	return counts
}

const (
	// pendingShown bounds the pending sagas of a plan.
	pendingShown = 100
	// plausible is how many accounts a system may seem to have lost all of.
	plausible = 10
)

// Compare reads the three systems side by side and returns what differs. It
// changes nothing. Memory holds what differs, not what is read. ErrIncomplete
// where a reading is not whole or is not to be believed; app.ErrDenied in the
// chain where an administrator's credential was not taken.
func Compare(ctx context.Context, s Systems, o Options) (Plan, error) {
	c := &comparison{Systems: s, o: o, plan: Plan{At: o.Now(), Read: map[System]int{}, Foreign: map[System]int{}}}
	if o.AccountID != "" {
		c.Systems = s.only(o.AccountID)
	}
	for _, part := range []struct {
		system  System
		compare func(context.Context) error
	}{{Gitea, c.directory}, {InStorage, c.storage}} {
		if o.Only != "" && o.Only != part.system {
			continue
		}
		c.plan.Systems = append(c.plan.Systems, part.system)
		if err := part.compare(ctx); err != nil {
			return Plan{}, fmt.Errorf("comparing with %s: %w", part.system, err)
		}
	}
	var accounts int
	if err := c.credentials(ctx, living(c.Accounts.ByID(ctx), &accounts)); err != nil {
		return Plan{}, fmt.Errorf("looking for credentials: %w", err)
	}
	if err := c.settle(ctx); err != nil {
		return Plan{}, err
	}
	var err error
	c.plan.Pending, c.plan.PendingTotal, err = s.Accounts.Pending(ctx, pendingShown)
	return c.plan, err
}

// comparison is one run of Compare.
type comparison struct {
	Systems
	o    Options
	plan Plan
	// found are the differences, before it is known which of them last.
	found []Item
}

var errTooMany = errors.New("more differences than a plan may hold: are these the right servers, and the right database?")

func (c *comparison) add(items ...Item) error {
	for _, i := range items {
		if len(i.Kinds) > 0 {
			c.found = append(c.found, i)
		}
	}
	if len(c.found) > c.o.MaxItems {
		return fmt.Errorf("%w (%d)", errTooMany, c.o.MaxItems)
	}
	return nil
}

func (c *comparison) read(s System) {
	c.plan.Read[s]++
	if c.o.Progress != nil {
		c.o.Progress(s, c.plan.Read[s])
	}
}

func (c *comparison) foreign(s System, name string) {
	c.plan.Foreign[s]++
	if len(c.plan.ForeignNames) < c.o.Foreign {
		c.plan.ForeignNames = append(c.plan.ForeignNames, Foreign{s, name})
	}
}

// believable is an error where a system shows none of our users although there
// are accounts.
func (c *comparison) believable(s System, living, ours int) error {
	c.plan.Accounts = max(c.plan.Accounts, living)
	if c.o.AllowEmpty || c.o.AccountID != "" || living == 0 || ours > 0 {
		return nil
	}
	if c.plan.Read[s] == 0 || living > plausible {
		return Incomplete("%s shows %d users and none of ours, but there are %d accounts", s, c.plan.Read[s], living)
	}
	return nil
}

// living passes over accounts that are not to have remote users, and counts the
// others.
func living(accounts iter.Seq2[app.Facts, error], count *int) iter.Seq2[app.Facts, error] {
	return func(yield func(app.Facts, error) bool) {
		for a, err := range accounts {
			if err == nil && !a.Status.Remote() {
				continue
			}
			if err == nil {
				*count++
			}
			if !yield(a, err) {
				return
			}
		}
	}
}
