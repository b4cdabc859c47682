package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"accord/app"
)

// suspension is one of the commands that keep a person out.
type suspension struct {
	name string
	to   app.Status
	done string
}

var suspensions = []suspension{
	{"lock", app.Locked, "locked"},
	{"pause", app.Paused, "paused"},
	{"stop", app.Stopped, "stopped"},
}

func newAccountSuspend(s suspension) *cobra.Command {
	cmd := &cobra.Command{
		Use:   s.name + " USER",
		Short: fmt.Sprintf("Keep a person out of all three systems, with status %s", s.to),
		Long: fmt.Sprintf("Keep a person out of all three systems and end all sessions; the status becomes %s.\n", s.to) +
			"It answers when Gitea and the storage have refused credentials of the account.\n" +
			"USER is a user name or an accountId. `accord account unlock` undoes it.",
		Args: namedArgs,
	}
	flags := newAccountFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return operate(cmd, flags, args[0], func(ctx context.Context, o operation) error {
			if err := standing(o.account); err != nil {
				return err
			}
			receipt, err := o.service.Suspend(ctx, o.account.ID, s.to)
			return o.tell(ctx, s.done, receipt, err)
		})
	}
	return cmd
}

func newAccountUnlock() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "unlock USER",
		Short: "Let a person in again who was locked, paused or stopped",
		Long: "Let a person in again, on all three systems, who was locked, paused or stopped.\n" +
			"USER is a user name or an accountId. Sessions that ended stay ended.",
		Args: namedArgs,
	}
	flags := newAccountFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return operate(cmd, flags, args[0], func(ctx context.Context, o operation) error {
			if err := standing(o.account); err != nil {
				return err
			}
			receipt, err := o.service.Resume(ctx, o.account.ID)
			return o.tell(ctx, "unlocked", receipt, err)
		})
	}
	return cmd
}

// standing says why an account is not one to keep out, or to let in.
func standing(a app.Account) error {
	switch {
	case a.Status == app.Normal, a.Status.Suspended():
		return nil
	case a.Status == app.Leaving:
		return fmt.Errorf("%s (%s) is deleted and kept out already; `accord account restore` brings it back", a.Username, a.ID)
	default:
		return fmt.Errorf("account %s is not there, its status is %s", a.ID, a.Status)
	}
}
