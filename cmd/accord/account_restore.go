package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/saga"
)

func newAccountRestore() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore USER",
		Short: "Bring back an account that was deleted and is still within its grace period",
		Long: "Bring back an account that was deleted and is still within its grace period, on all three systems.\n" +
			"USER is its user name or its accountId. Its sessions stay ended.",
		Args: cobra.ExactArgs(1),
	}
	path := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		c.Log.Level = "error" // what becomes of single steps is in the command's own error
		return restoreAccount(cmd.Context(), c, args[0], cmd.OutOrStdout(), newLogger(cmd.ErrOrStderr(), c.Log))
	}
	return cmd
}

// restoreAccount works beside running servers, or without any.
func restoreAccount(ctx context.Context, c config.Config, user string, out io.Writer, log *slog.Logger) (err error) {
	ctx = byOperator(ctx)
	p, err := wire(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	account, err := findAccount(ctx, p.store.Accounts, user)
	if err == nil {
		err = restorable(account)
	}
	if err != nil {
		return err
	}
	var receipt saga.Receipt
	whileRunning(ctx, p.runner, log, func() { receipt, err = p.service.Restore(ctx, account.ID) })
	if err != nil {
		return notRestored(account, receipt, err)
	}
	_, err = fmt.Fprintf(out, "restored %s (%s), saga %s\n", account.Username, account.ID, receipt.ID)
	return err
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

// notRestored tells what to do about a restore that failed.
func notRestored(a app.Account, receipt saga.Receipt, err error) error {
	advice, known := map[app.Kind]string{
		app.NotFound:        "it is not leaving any more; `accord account show` says what became of it",
		app.Busy:            "something else is being done with it; try again in a minute",
		app.DirectoryFailed: "not restored, Gitea did not take part; mend what `accord doctor` says of it, then try again",
		app.StorageFailed:   "not restored, the storage did not take part; mend what `accord doctor` says of it, then try again",
	}[app.KindOf(err)]
	switch {
	case errors.Is(err, saga.ErrUndecided):
		advice = "not decided yet, `accord serve` brings it to an end; if `accord account show` finds it leaving after that, try again"
	case !known:
		advice = "not restored; mend what `accord doctor` says, then try again"
	}
	return fmt.Errorf("%s (%s): %s (saga %s: %w)", a.Username, a.ID, advice, receipt.ID, err)
}
