package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"accord/app"
)

func newAccount() *cobra.Command {
	account := newGroup("account", "Look at accounts, give roles, keep people out, end sessions and credentials, delete and bring back",
		newAccountRestore(), newAccountShow(), newAccountList(), newAccountRole(), newAccountUnlock(),
		newAccountDelete(), newAccountSessions(), newAccountRevoke(), newAccountEvict())
	for _, s := range suspensions {
		account.AddCommand(newAccountSuspend(s))
	}
	return account
}

// findAccount finds an account by its user name or its accountId. A user name
// may look like another's accountId; then none is chosen.
func findAccount(ctx context.Context, accounts app.Accounts, user string) (app.Account, error) {
	var found []app.Account
	for _, find := range []func(context.Context, string) (app.Account, error){accounts.ByUsername, accounts.ByID} {
		switch account, err := find(ctx, user); {
		case err == nil:
			found = append(found, account)
		case app.KindOf(err) != app.NotFound:
			return app.Account{}, err
		}
	}
	switch {
	case len(found) == 0:
		return app.Account{}, fmt.Errorf(
			"no account has the user name or accountId %q; one that was removed for good is known by its accountId alone", user)
	case len(found) == 2 && found[0].ID != found[1].ID:
		return app.Account{}, fmt.Errorf("%q is the user name of account %s and the accountId of %q: say %s or %s",
			user, found[0].ID, found[1].Username, found[0].ID, found[1].Username)
	}
	return found[0], nil
}
