package verify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Outcomes of a charge, for Options.Observe.
const (
	Admitted = "admitted"
	Held     = "refused"
	Returned = "returned"
)

// Outcomes lists every outcome.
func Outcomes() []string { return []string{Admitted, Held, Returned} }

// settleTime bounds the write that follows a check, which goes on if the client
// went away.
const settleTime = 5 * time.Second

// Refused is the error of a request that has to wait.
type Refused struct {
	// Holds are the charges that have to wait, in the order in which they were
	// asked for; there is at least one.
	Holds []Hold
}

func (r *Refused) Error() string {
	return fmt.Sprintf("limit %s: wait %v", r.Limit(), r.Wait())
}

// Limit returns the name of the first limit that refused.
func (r *Refused) Limit() string { return r.Holds[0].Charge.Limit.Name }

// Wait returns how long it takes until none of them refuses any more.
func (r *Refused) Wait() time.Duration {
	var longest time.Duration
	for _, h := range r.Holds {
		longest = max(longest, h.Wait)
	}
	return longest
}

// WaitOf returns how long the limit of that name refuses; zero if it does not.
func (r *Refused) WaitOf(name string) time.Duration {
	for _, h := range r.Holds {
		if h.Charge.Limit.Name == name {
			return h.Wait
		}
	}
	return 0
}

// OnlyBy reports whether no limit of any other name is among those that refused.
func (r *Refused) OnlyBy(names ...string) bool {
	return !slices.ContainsFunc(r.Holds, func(h Hold) bool { return !slices.Contains(names, h.Charge.Limit.Name) })
}

// By reports whether the limit of that name is among those that refused.
func (r *Refused) By(name string) bool {
	return slices.ContainsFunc(r.Holds, func(h Hold) bool { return h.Charge.Limit.Name == name })
}

// Options say what an Admission works with. Budgets and Now are required.
type Options struct {
	Budgets Budgets
	Now     func() time.Time
	// Turn is how long an attempt waits for others at the same secret, which may
	// turn out to be right, before it is refused; zero does not wait.
	Turn time.Duration
	// Observe, if non-nil, is called for every charge with the limit's name and an
	// outcome.
	Observe func(limit, outcome string)
}

// Admission charges requests. Safe for concurrent use.
type Admission struct {
	Options
	held  held
	turns turns
}

// New makes an Admission.
func New(o Options) *Admission { return &Admission{Options: o} }

// Charge counts all of the charges and returns their receipts, or counts none of
// them and returns a *Refused. Charges without a limit are skipped. Inside a
// local saga step the charges are part of its transaction.
func (a *Admission) Charge(ctx context.Context, charges ...Charge) ([]Receipt, error) {
	charges = slices.DeleteFunc(charges, func(c Charge) bool { return c.Limit.Free == 0 })
	if len(charges) == 0 {
		return nil, nil
	}
	now := a.Now()
	if holds := a.held.among(charges, now); len(holds) > 0 {
		return nil, a.refuse(holds)
	}
	holds, err := a.Budgets.Charge(ctx, charges, now)
	switch {
	case err != nil:
		return nil, err
	case len(holds) > 0:
		a.held.keep(holds, now)
		return nil, a.refuse(holds)
	}
	receipts := make([]Receipt, len(charges))
	for i, c := range charges {
		receipts[i] = c.receipt(now)
		a.observe(c.Limit.Name, Admitted)
	}
	return receipts, nil
}

// Held returns a *Refused if one of the charges was refused a moment ago, and
// charges nothing. It asks no database: what is costly before a charge begins
// with it.
func (a *Admission) Held(charges ...Charge) error {
	if holds := a.held.among(charges, a.Now()); len(holds) > 0 {
		return a.refuse(holds)
	}
	return nil
}

func (a *Admission) refuse(holds []Hold) error {
	for _, h := range holds {
		a.observe(h.Charge.Limit.Name, Held)
	}
	return &Refused{Holds: holds}
}

func (a *Admission) observe(limit, outcome string) {
	if a.Observe != nil {
		a.Observe(limit, outcome)
	}
}

// observeReturned reports charges that were taken back. The receipts of sagas
// which an earlier release began name no limit.
func (a *Admission) observeReturned(back []Receipt) {
	for _, r := range back {
		if r.Limit != "" {
			a.observe(r.Limit, Returned)
		}
	}
}

// Return takes charges back, each at most once for a call. Inside a local saga
// step it is part of its transaction.
func (a *Admission) Return(ctx context.Context, receipts []Receipt) error {
	return a.settle(ctx, nil, receipts)
}

// Forget sets counts to zero.
func (a *Admission) Forget(ctx context.Context, keys ...string) error {
	return a.settle(ctx, keys, nil)
}

func (a *Admission) settle(ctx context.Context, forget []string, back []Receipt) error {
	if len(forget)+len(back) == 0 {
		return nil
	}
	err := a.Budgets.Settle(ctx, forget, back)
	a.held.drop(forget, back)
	if err == nil {
		a.observeReturned(back)
	}
	return err
}

// Attempt runs check, which compares a secret, unless one of the charges has to
// wait; then it returns a *Refused. The charges are counted before the check
// begins, so that however many attempts run at once, no more than the limits
// allow are checked. A wrong secret leaves them counted. A right one, and a
// check that failed otherwise, do not. Of charges that count right answers the
// reverse is true; see Spend for their receipts.
//
// An attempt that is held up while others under the same lane are being checked
// waits for them, up to Options.Turn: if they are right it is not held up.
func (a *Admission) Attempt(ctx context.Context, lane string, charges []Charge, check func() (bool, error)) (bool, error) {
	right, _, err := a.Spend(ctx, lane, charges, check)
	return right, err
}

// Spend is Attempt and returns the receipts of what a right answer spent, to be
// returned if nothing comes of it.
func (a *Admission) Spend(
	ctx context.Context, lane string, charges []Charge, check func() (bool, error),
) (right bool, spent []Receipt, err error) {
	charges = slices.DeleteFunc(charges, func(c Charge) bool { return c.Limit.Free == 0 })
	if len(charges) == 0 {
		right, err = check()
		return right, nil, err
	}
	var receipts []Receipt
	leave, err := a.turns.enter(ctx, lane, a.Turn, func() (err error) {
		receipts, err = a.Charge(ctx, slices.Clone(charges)...)
		return err
	})
	if err != nil {
		return false, nil, err
	}
	defer leave()
	right, err = check()
	var forget, back []Receipt
	for i, c := range charges {
		switch {
		case err == nil && right && c.Resets:
			forget = append(forget, receipts[i])
		case err == nil && right && c.CountsRight:
			spent = append(spent, receipts[i])
		case err == nil && !right && !c.CountsRight:
		default:
			back = append(back, receipts[i])
		}
	}
	return right, spent, errors.Join(err, a.release(ctx, forget, back))
}

// release settles the charges of a check, though its client may be gone: all of
// the keys of forget, and one charge for each receipt of back.
func (a *Admission) release(ctx context.Context, forget, back []Receipt) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	keys := make([]string, len(forget))
	for i, r := range forget {
		keys[i] = r.Key
	}
	err := a.settle(ctx, keys, back)
	if err == nil {
		a.observeReturned(forget)
	}
	return err
}
