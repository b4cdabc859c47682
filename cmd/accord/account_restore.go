package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"accord/app"
	"accord/saga"
)

func newAccountRestore() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore USER",
		Short: "Bring back an account that was deleted and is still within its grace period",
		Long: "Bring back an account that was deleted and is still within its grace period, on all three systems.\n" +
			"USER is its user name or its accountId. Its sessions stay ended. One that was locked, paused or\n" +
			"stopped before it was deleted is so again.",
		Args: namedArgs,
	}
	flags := newAccountFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return operate(cmd, flags, args[0], func(ctx context.Context, o operation) error {
			if err := restorable(o.account); err != nil {
				return err
			}
			receipt, err := o.service.Restore(ctx, o.account.ID)
			return o.tell(ctx, "restored", receipt, err)
		})
	}
	return cmd
}

// whileRunning works while the runner runs, then stops it and waits for its end.
func whileRunning(ctx context.Context, runner *saga.Runner, log *slog.Logger, work func()) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	work()
	stop()
	if err := <-ended; err != nil {
		log.Error("handing sagas to recovery", "error", err)
	}
}

// restorable says why an account is not one to restore.
func restorable(a app.Account) error {
	switch a.Status {
	case app.Leaving:
		return nil
	case app.Deleted:
		return fmt.Errorf("account %s was removed for good when its grace period ended: nothing can be restored", a.ID)
	default:
		return fmt.Errorf("%s (%s) is not deleted, its status is %s: nothing to restore", a.Username, a.ID, a.Status)
	}
}
