package reconcile

import (
	"context"
	"fmt"

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
	StepAside(ctx context.Context, f app.Facts, seen app.DirectoryView) (app.DirectoryView, saga.Receipt, error)
	SealDirectory(ctx context.Context, f app.Facts, seen app.DirectoryView) (saga.Receipt, error)
	Evict(ctx context.Context, accountID string, keys bool) (app.Evicted, saga.Receipt, error)
	EndTokens(ctx context.Context, f app.Facts, seen app.DirectoryView, tokens []string) (saga.Receipt, error)
	EndSecondAddresses(ctx context.Context, f app.Facts, seen app.DirectoryView, addresses []string) (saga.Receipt, error)
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
	// Skipped items are protected, or privileges, which an operator takes away.
	Skipped bool
	// Aside: the user in Gitea stepped aside for others and could not be mended then.
	// It is called as the item says.
	Aside bool
	Err   error
}

// Tally counts results. Skipped are those of protected items, Privileges those of
// the other skipped ones.
type Tally struct{ Mended, Kept, Skipped, Privileges, Failed int }

// Apply mends the items, a bounded number of accounts together, and reports each;
// report is not called twice at once. Accounts that are in one another's way in
// Gitea are mended one after the other, so that each finds its name and its
// address free. What fails is reported, and the rest goes on. When ctx ends, no
// further repair begins, those under way are waited for, and ctx's error is
// returned; another plan shows what is left.
func Apply(ctx context.Context, r Repairer, items []Item, together int, pace Pace, report func(Result)) (Tally, error) {
	results := make(chan Result)
	ended := make(chan error, 1)
	go func() {
		defer close(results)
		var group errgroup.Group
		group.SetLimit(together)
		for _, items := range queues(items) {
			if ctx.Err() != nil {
				break
			}
			group.Go(func() error { return newQueue(r, items, pace, results).mendAll(ctx) })
		}
		ended <- group.Wait()
	}()
	var tally Tally
	for result := range results {
		switch {
		case result.Skipped && result.Item.Protected:
			tally.Skipped++
		case result.Skipped:
			tally.Privileges++
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

func mend(ctx context.Context, r Repairer, i Item) Result {
	var receipt saga.Receipt
	var err error
	kept := false
	switch {
	case i.Has(Token):
		receipt, err = r.EndTokens(ctx, i.Facts, i.User, i.Tokens)
	case i.Has(SecondAddress):
		receipt, err = r.EndSecondAddresses(ctx, i.Facts, i.User, i.secondAddresses())
	case i.Has(Password):
		receipt, err = r.SealDirectory(ctx, i.Facts, i.User)
	case i.Has(Credential):
		_, receipt, err = r.Evict(ctx, i.AccountID, i.hasKeys())
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
