package reconcile

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"accord/app"
	"accord/saga"
)

// Repairer mends one item by a saga, after it has made sure that what the item
// rests on is unchanged. It is app.Service.
type Repairer interface {
	RemakeInDirectory(ctx context.Context, f app.Facts) (saga.Receipt, error)
	MendDirectory(ctx context.Context, f app.Facts, seen app.DirectoryView) (saga.Receipt, error)
	DropFromDirectory(ctx context.Context, seen app.DirectoryView) (kept bool, receipt saga.Receipt, err error)
	EndTokens(ctx context.Context, f app.Facts, seen app.DirectoryView, tokens []string) (saga.Receipt, error)
	RemakeInStorage(ctx context.Context, f app.Facts) (saga.Receipt, error)
	MendStorage(ctx context.Context, f app.Facts, seen app.StorageView) (saga.Receipt, error)
	DropFromStorage(ctx context.Context, accountID string, seen app.StorageView) (saga.Receipt, error)
}

// Result is what came of one item.
type Result struct {
	Item Item
	// SagaID is empty where none was begun.
	SagaID string
	// Kept orphans had something in Gitea: they were shut out and not removed.
	Kept bool
	// Skipped items are protected.
	Skipped bool
	Err     error
}

// Tally counts results.
type Tally struct{ Mended, Kept, Skipped, Failed int }

// Apply mends the items, a bounded number of accounts together, and reports each;
// report is not called twice at once. What fails is reported, and the rest goes
// on. When ctx ends, no further repair begins, those under way are waited for,
// and ctx's error is returned; another plan shows what is left.
func Apply(ctx context.Context, r Repairer, items []Item, together int, pace Pace, report func(Result)) (Tally, error) {
	results := make(chan Result)
	ended := make(chan error, 1)
	go func() {
		defer close(results)
		var group errgroup.Group
		group.SetLimit(together)
		for _, account := range byAccount(items) {
			if ctx.Err() != nil {
				break
			}
			group.Go(func() error { return mendAccount(ctx, r, account, pace, results) })
		}
		ended <- group.Wait()
	}()
	var tally Tally
	for result := range results {
		switch {
		case result.Skipped:
			tally.Skipped++
		case result.Err != nil:
			tally.Failed++
		case result.Kept:
			tally.Kept++
		default:
			tally.Mended++
		}
		report(result)
	}
	if err := <-ended; err != nil {
		return tally, err
	}
	return tally, ctx.Err()
}

// mendAccount mends what differs of one account, one thing after the other.
func mendAccount(ctx context.Context, r Repairer, items []Item, pace Pace, results chan<- Result) error {
	for _, i := range items {
		if i.Protected {
			results <- Result{Item: i, Skipped: true}
			continue
		}
		if err := pace(ctx); err != nil {
			return err
		}
		results <- mend(context.WithoutCancel(ctx), r, i)
	}
	return nil
}

func mend(ctx context.Context, r Repairer, i Item) Result {
	var receipt saga.Receipt
	var err error
	kept := false
	switch {
	case i.Has(Token):
		receipt, err = r.EndTokens(ctx, i.Facts, i.User, i.Tokens)
	case i.System == Gitea && i.Has(Missing):
		receipt, err = r.RemakeInDirectory(ctx, i.Facts)
	case i.System == Gitea && i.Has(Orphan):
		kept, receipt, err = r.DropFromDirectory(ctx, i.User)
	case i.System == Gitea:
		receipt, err = r.MendDirectory(ctx, i.Facts, i.User)
	case i.System == InStorage && i.Has(Missing):
		receipt, err = r.RemakeInStorage(ctx, i.Facts)
	case i.System == InStorage && i.Has(Orphan):
		receipt, err = r.DropFromStorage(ctx, i.AccountID, i.Storage)
	case i.System == InStorage:
		receipt, err = r.MendStorage(ctx, i.Facts, i.Storage)
	default:
		err = fmt.Errorf("no repair for system %q", i.System)
	}
	return Result{Item: i, SagaID: receipt.ID, Kept: kept, Err: err}
}

// byAccount groups the items by account, in the order of their first ones. Of
// one account, those come last that change what others rest on: Gitea's user
// after its tokens, Gitea's number after the storage.
func byAccount(items []Item) [][]Item {
	var groups [][]Item
	at := map[string]int{}
	for _, i := range items {
		n, known := at[i.AccountID]
		if !known {
			n = len(groups)
			at[i.AccountID] = n
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], i)
	}
	for _, g := range groups {
		slices.SortStableFunc(g, func(a, b Item) int { return turn(a) - turn(b) })
	}
	return groups
}

func turn(i Item) int {
	switch {
	case i.Has(Token):
		return 0
	case i.System == InStorage:
		return 1
	}
	return 2
}
