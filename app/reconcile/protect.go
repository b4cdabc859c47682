package reconcile

import (
	"context"

	"accord/app"
)

// Protect marks anew which items of a plan are protected: all items of each
// account that is among these, by accountId or by a user name that the account has
// now, or that any item shows of it. Errors are those of the account store.
func (p Plan) Protect(ctx context.Context, accounts Accounts, protected []string) error {
	now, err := accounts.Find(ctx, accountsOf(append(p.Items[:len(p.Items):len(p.Items)], p.Kept...)))
	if err != nil {
		return err
	}
	names := map[string][]string{}
	for id, account := range now {
		names[id] = []string{account.Username}
	}
	protect(protected, names, p.Items, p.Kept)
	return nil
}

// protect likewise: names are those that the items do not show, by accountId.
func protect(protected []string, names map[string][]string, lists ...[]Item) {
	named := map[string]bool{}
	for _, name := range protected {
		named[app.FoldKey(name)] = true
	}
	accounts := map[string]bool{}
	for _, items := range lists {
		for _, i := range items {
			for _, name := range append([]string{i.AccountID, i.Username, i.User.Username}, names[i.AccountID]...) {
				if named[app.FoldKey(name)] {
					accounts[i.AccountID] = true
				}
			}
		}
	}
	for _, items := range lists {
		for n := range items {
			items[n].Protected = accounts[items[n].AccountID]
		}
	}
}
