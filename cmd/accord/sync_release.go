package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"accord/app"
)

// releaseView is what a release would end.
type releaseView struct {
	DryRun    bool       `json:"dryRun"`
	AccountID string     `json:"accountId"`
	Username  string     `json:"username"`
	Status    app.Status `json:"status"`
	GiteaID   int64      `json:"giteaId"`
	// Tokens are the names of our tokens of the Gitea user.
	Tokens []string `json:"tokens"`
	// Objects stops at app.MostObjects.
	Objects int `json:"objects"`
}

func newSyncRelease() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "release USER",
		Short: "Give an adopted user of Gitea back",
		Long: "Give an adopted user of Gitea back: the account here, its sessions and its storage user go, the Gitea user stays as it\n" +
			"is, with password, profile and repositories. Without --apply it only shows what would go. An account that has objects\n" +
			"in storage is released with --delete-objects only.",
		Args: namedArgs,
	}
	flags := newAccountFlags(cmd)
	apply := cmd.Flags().Bool("apply", false, "release it; without it nothing is changed")
	objects := cmd.Flags().Bool("delete-objects", false, "delete its objects in storage, too")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return operate(cmd, flags, args[0], func(ctx context.Context, o operation) error {
			if err := releasable(o.account); err != nil {
				return err
			}
			if !*apply {
				return o.showHoldings(ctx, *objects)
			}
			receipt, err := o.service.Release(ctx, o.account.ID, *objects)
			if errors.Is(err, app.ErrObjects) {
				return o.hasObjects()
			}
			return o.tell(ctx, "released", receipt, err)
		})
	}
	return cmd
}

// releasable says why an account is not one to release.
func releasable(a app.Account) error {
	switch {
	case a.GiteaOrigin != app.Adopted:
		return fmt.Errorf("%s (%s) was not adopted: its Gitea user is one that was made for it", a.Username, a.ID)
	case a.Status.Suspended():
		return fmt.Errorf("%s (%s) is in status %s; `accord account unlock` it first, or delete it: then it stays shut out of Gitea",
			a.Username, a.ID, a.Status)
	case a.Status == app.Leaving:
		return fmt.Errorf("%s (%s) is deleted already: its Gitea user is given back at the end of the grace period, or at once by"+
			" `accord account delete --now --apply`", a.Username, a.ID)
	case a.Status != app.Normal:
		return fmt.Errorf("account %s is not there, its status is %s", a.ID, a.Status)
	}
	return nil
}

func (o operation) hasObjects() error {
	return fmt.Errorf("%s (%s) has objects in storage; nothing was changed: have them fetched, or say --delete-objects",
		o.account.Username, o.account.ID)
}

func (o operation) showHoldings(ctx context.Context, deleteObjects bool) error {
	has, err := o.service.TakeHoldings(ctx, o.account.ID)
	if err != nil {
		return fmt.Errorf("what %s (%s) has cannot be listed; mend what `accord doctor` says (%w)", o.account.Username, o.account.ID, err)
	}
	view := releaseView{
		DryRun: true, AccountID: has.Account.ID, Username: has.Account.Username, Status: has.Account.Status,
		GiteaID: has.Account.GiteaID, Tokens: listed(has.Tokens), Objects: has.Objects,
	}
	if o.asJSON {
		err = printIndented(o.out, view)
	} else {
		err = view.print(o.out)
	}
	if err == nil && has.Objects > 0 && !deleteObjects {
		err = o.hasObjects()
	}
	return err
}

func (v releaseView) print(w io.Writer) error {
	objects := counted(v.Objects, "object")
	if v.Objects == app.MostObjects {
		objects = fmt.Sprintf("%d or more objects", v.Objects)
	}
	_, err := fmt.Fprintf(w, "%s (%s): the account, its sessions, %s of ours in Gitea, the storage user and %s would go;\n"+
		"user %d of Gitea stays as it is\nnothing was changed; --apply releases it\n", v.Username, v.AccountID, counted(len(v.Tokens), "token"), objects, v.GiteaID)
	return err
}
