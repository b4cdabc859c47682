package reconcile

import (
	"context"
	"slices"

	"accord/app"
)

// queues sorts the items into those that are mended one after the other: those of
// one account, and all of the accounts that are in one another's way.
func queues(items []Item) [][]Item {
	held := holders(items)
	tangled := map[string]bool{}
	for n, i := range items {
		for _, holder := range held.inTheWayOf(n, i) {
			tangled[i.AccountID], tangled[items[holder].AccountID] = true, true
		}
	}
	const tangle = "" // no account's id
	var queues [][]Item
	at := map[string]int{}
	for _, i := range items {
		id := i.AccountID
		if tangled[id] {
			id = tangle
		}
		n, known := at[id]
		if !known {
			n = len(queues)
			at[id] = n
			queues = append(queues, nil)
		}
		queues[n] = append(queues[n], i)
	}
	return queues
}

// held is the item whose user in Gitea has a name or an address: Gitea gives each
// to one user only.
type held struct{ names, addresses map[string]int }

func holders(items []Item) held {
	h := held{names: map[string]int{}, addresses: map[string]int{}}
	for n, i := range items {
		if i.System == Gitea && i.User.ID != 0 && !i.beside() && !i.Protected {
			h.names[app.FoldKey(i.User.Username)] = n
			h.addresses[app.FoldKey(i.User.Email)] = n
		}
	}
	return h
}

// inTheWayOf are the items whose users have what the account of item n is to have.
func (h held) inTheWayOf(n int, i Item) []int {
	if i.System != Gitea || i.Has(Orphan) || i.beside() || i.Protected {
		return nil
	}
	var found []int
	if holder, taken := h.names[app.FoldKey(i.Facts.Username)]; taken && holder != n {
		found = append(found, holder)
	}
	if holder, taken := h.addresses[app.FoldKey(i.Facts.Email)]; taken && holder != n {
		found = append(found, holder)
	}
	return found
}

// queue mends items one after the other: whoever is in another one's way goes
// first. Where that leads in a circle, one steps aside.
type queue struct {
	r       Repairer
	items   []Item
	held    held
	stages  []stage
	pace    Pace
	results chan<- Result
	// aside counts those that stepped aside and are not mended yet.
	aside int
}

type stage int

const (
	waiting stage = iota
	begun
	steppedAside
	ended
)

func newQueue(r Repairer, items []Item, pace Pace, results chan<- Result) *queue {
	// What others rest on is changed last: Gitea's user after its tokens, Gitea's
	// number after the storage.
	items = slices.Clone(items)
	slices.SortStableFunc(items, func(a, b Item) int { return turn(a) - turn(b) })
	return &queue{r: r, items: items, held: holders(items), stages: make([]stage, len(items)), pace: pace, results: results}
}

func turn(i Item) int {
	switch {
	case i.beside():
		return 0
	case i.System == InStorage:
		return 1
	}
	return 2
}

func (q *queue) mendAll(ctx context.Context) error {
	for n := range q.items {
		if err := q.mend(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// mend mends item n, and first what is in its way. An error is that of the pace.
func (q *queue) mend(ctx context.Context, n int) error {
	if q.stages[n] != waiting {
		return nil
	}
	q.stages[n] = begun
	for _, holder := range q.held.inTheWayOf(n, q.items[n]) {
		giveWay := q.mend
		if q.stages[holder] == begun {
			giveWay = q.stepAside
		}
		if err := giveWay(ctx, holder); err != nil {
			return err
		}
	}
	return q.end(ctx, n)
}

// end mends the item itself, unless it could not step aside.
func (q *queue) end(ctx context.Context, n int) error {
	before := q.stages[n]
	q.stages[n] = ended
	if before == ended {
		return nil
	}
	if q.items[n].Protected || q.items[n].Has(Privilege) {
		q.results <- Result{Item: q.items[n], Skipped: true}
		return nil
	}
	if err := q.wait(ctx); err != nil {
		return err
	}
	result := mend(context.WithoutCancel(ctx), q.r, q.items[n])
	if before == steppedAside {
		q.aside--
		result.Aside = result.Err != nil
	}
	q.results <- result
	return nil
}

// stepAside takes the user of item n out of the way for as long as others are
// mended.
func (q *queue) stepAside(ctx context.Context, n int) error {
	if err := q.wait(ctx); err != nil {
		return err
	}
	i := &q.items[n]
	user, receipt, err := q.r.StepAside(context.WithoutCancel(ctx), i.Facts, i.User)
	if err == nil {
		i.User, q.stages[n] = user, steppedAside
		q.aside++
		return nil
	}
	q.stages[n] = ended
	q.results <- Result{Item: *i, SagaID: receipt.ID, Err: err}
	return nil
}

// wait holds the queue up for the pace. Nobody is left aside because ctx ended.
func (q *queue) wait(ctx context.Context) error {
	if q.aside > 0 {
		ctx = context.WithoutCancel(ctx)
	}
	return q.pace(ctx)
}
