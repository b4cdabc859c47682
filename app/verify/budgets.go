package verify

import (
	"context"
	"time"
)

// Budgets keep the counts, for all replicas. Safe for concurrent use. Inside a
// local saga step both methods are part of its transaction.
type Budgets interface {
	// Charge adds every charge to the count of its key, by Count.Next, and returns
	// nil; or adds none of them, and returns those that have to wait, in the order
	// of charges. It costs one statement if nothing has to wait. No two charges
	// have the same key, and all have a limit.
	Charge(ctx context.Context, charges []Charge, now time.Time) ([]Hold, error)
	// Settle sets the counts of the keys of forget to zero and takes one charge
	// off the count of every receipt, if that still is the count which was
	// charged. Keys without a count are skipped.
	Settle(ctx context.Context, forget []string, back []Receipt) error
}

// Charge is one event to count under one key.
type Charge struct {
	// Key is at most 512 bytes.
	Key   string
	Limit Limit
	// Resets: a right answer forgets every charge of the key, not only this one.
	Resets bool
	// CountsRight: a right answer is counted, and a wrong one is not.
	CountsRight bool
}

// Hold is a charge that has to wait.
type Hold struct {
	Charge Charge
	Wait   time.Duration
}

// Receipt names a charge that was counted, so that it can be returned.
type Receipt struct {
	Key string
	// Limit is the name of the limit; empty in receipts of earlier releases.
	Limit string
	// At is when it was charged. Its count ends by Until, unless it is zero.
	At, Until time.Time
}

func (c Charge) receipt(now time.Time) Receipt {
	r := Receipt{Key: c.Key, Limit: c.Limit.Name, At: now}
	if !c.Limit.InARow {
		r.Until = now.Add(c.Limit.LockFor)
	}
	return r
}
