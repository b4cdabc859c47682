package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"accord/app"
)

// inventoryView is what would go with an account.
type inventoryView struct {
	DryRun        bool       `json:"dryRun"`
	AccountID     string     `json:"accountId"`
	Username      string     `json:"username"`
	Status        app.Status `json:"status"`
	Repositories  []string   `json:"repositories"`
	Organizations []string   `json:"organizations"`
	Packages      []string   `json:"packages"`
	// Objects stops at app.MostObjects.
	Objects int `json:"objects"`
	// LastOwnerOf are organizations that stand in the way.
	LastOwnerOf []string `json:"lastOwnerOf"`
	// LastAdministrator: it is the last super-administrator that may sign in.
	LastAdministrator bool `json:"lastAdministrator,omitempty"`
	// GiteaStays: the Gitea user was adopted, and stays with all it has.
	GiteaStays bool `json:"giteaStays,omitempty"`
}

func newAccountDelete() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "delete USER",
		Short: "Delete an account on all three systems",
		Long: "Delete an account on all three systems, with its repositories, packages and objects. Without --apply it only\n" +
			"shows what would go. Within the grace period (deletion.grace) `accord account restore` brings it back; --now\n" +
			"leaves no such period, and ends the one of an account that is deleted already.",
		Args: namedArgs,
	}
	flags := newAccountFlags(cmd)
	apply := cmd.Flags().Bool("apply", false, "delete; without it nothing is changed")
	now := cmd.Flags().Bool("now", false, "remove it for good at once, without a grace period")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return operate(cmd, flags, args[0], func(ctx context.Context, o operation) error {
			if err := removable(o.account, *now, o.zone); err != nil {
				return err
			}
			if !*apply {
				return o.showInventory(ctx)
			}
			receipt, err := o.service.Remove(ctx, o.account.ID, *now)
			return o.tell(ctx, "deleted", receipt, err)
		})
	}
	return cmd
}

// removable says why an account is not one to delete.
func removable(a app.Account, now bool, zone *time.Location) error {
	switch {
	case a.Status == app.Normal, a.Status.Suspended(), a.Status == app.Leaving && now:
		return nil
	case a.Status == app.Leaving:
		return fmt.Errorf("%s (%s) is deleted already, and removed for good at %s; --now does so at once",
			a.Username, a.ID, moment(a.LeavingUntil.In(zone)))
	default:
		return fmt.Errorf("account %s is not there, its status is %s", a.ID, a.Status)
	}
}

func (o operation) showInventory(ctx context.Context) error {
	has, err := o.service.TakeInventory(ctx, o.account.ID)
	if err != nil {
		return fmt.Errorf("what %s (%s) has cannot be listed; mend what `accord doctor` says (%w)", o.account.Username, o.account.ID, err)
	}
	view := inventoryView{
		DryRun: true, AccountID: has.Account.ID, Username: has.Account.Username, Status: has.Account.Status,
		Repositories: listed(has.Repositories), Organizations: listed(has.Organizations), Packages: listed(has.Packages),
		Objects: has.Objects, LastOwnerOf: listed(has.LastOwnerOf), GiteaStays: has.Account.GiteaOrigin == app.Adopted,
		LastAdministrator: has.LastAdministrator,
	}
	if o.asJSON {
		err = printIndented(o.out, view)
	} else {
		err = view.print(o.out)
	}
	return errors.Join(err, view.obstacle())
}

// obstacle says why the account cannot be deleted, and what to do.
func (v inventoryView) obstacle() error {
	switch {
	case len(v.LastOwnerOf) > 0:
		return errors.New("it cannot be deleted: others would lose " + strings.Join(v.LastOwnerOf, ", ") + "; make another user the owner in Gitea")
	case v.LastAdministrator:
		return errors.New("it cannot be deleted: it is the last super-administrator that may sign in; make another one first, by " +
			"`accord account role USER super-administrator`")
	}
	return nil
}

// listed is the list, empty where there is none.
func listed(names []string) []string { return append([]string{}, names...) }

func (v inventoryView) print(w io.Writer) error {
	objects := fmt.Sprint(v.Objects)
	if v.Objects == app.MostObjects {
		objects += " or more"
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"account", v.AccountID},
		{"name", v.Username},
		{"status", string(v.Status)},
		{"repositories", strings.Join(v.Repositories, " ")},
		{"organizations", strings.Join(v.Organizations, " ")},
		{"packages", strings.Join(v.Packages, " ")},
		{"objects", objects},
	} {
		if _, err := fmt.Fprintf(table, "%s\t%s\n", row[0], cmp.Or(row[1], "-")); err != nil {
			return err
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if v.GiteaStays {
		if _, err := fmt.Fprintln(w, "it was adopted: its Gitea user stays, with all it has"); err != nil {
			return err
		}
	}
	last := "nothing was changed; --apply deletes it"
	if v.obstacle() != nil {
		last = "nothing was changed"
	}
	_, err := fmt.Fprintln(w, last)
	return err
}
