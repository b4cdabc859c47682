package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"accord/app"
	"accord/app/reconcile"
	"accord/saga"
)

func newSyncApply() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "apply [FILE]",
		Short: "Mend what differs, by a saved plan or a new one",
		Long: "Mend what differs, each difference by a saga of its own. The plan is shown first, and asked about; without FILE it is a new one.\n" +
			"A difference whose facts have changed since the plan is left alone. Ctrl-C ends after the repairs that have begun;\n" +
			"another run goes on. Exit code: 0 all is mended, 2 protected accounts or privileges were left,\n" +
			"1 something failed.",
		Args: namedArgs,
	}
	f := &syncFlags{}
	f.register(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.yes, "yes", false, "do not ask")
	flags.IntVar(&f.allowRemovals, "allow-removals", -1, "accounts whose users may be removed or shut out; by default a twentieth of all, or ten")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return f.run(cmd, func(ctx context.Context, s *syncRun) error {
			return s.alone(ctx, func(ctx context.Context) error {
				plan, err := s.planToApply(ctx, args)
				if err != nil {
					return err
				}
				if len(args) == 0 || (!f.yes && !plan.InAccord()) {
					if err := printPlanTable(cmd.OutOrStdout(), plan, s.sites); err != nil {
						return err
					}
				}
				if err := plan.CheckRails(f.allowRemovals); err != nil || plan.InAccord() {
					return err
				}
				if repairs := plan.Work().Repairs; !f.yes && repairs > 0 {
					if err := confirm(ctx, cmd, "\nMend this ("+counted(repairs, "repair")+")?"); err != nil {
						return err
					}
				}
				return s.apply(ctx, plan, cmd.OutOrStdout())
			})
		})
	}
	return cmd
}

// alone keeps other runs of apply out.
func (s *syncRun) alone(ctx context.Context, do func(ctx context.Context) error) error {
	leadership := app.Leadership{Leaders: s.store.Leaders, Owner: runOwner(), TTL: reconcile.LockFor, Now: time.Now}
	return reconcile.Alone(ctx, &leadership, do)
}

// maxHost bounds the host's name in the owner of a lease, which the database
// bounds, too.
const maxHost = 64

// runOwner names this run to whoever finds it under way: host, process, and what
// no other run has.
func runOwner() string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	host = plainText(host)
	return fmt.Sprintf("accord sync on %s, process %d, %s", host[:min(len(host), maxHost)], os.Getpid(), rand.Text()[:8])
}

// planToApply is the saved one, less what --account, --only and --no-tokens leave
// out, or a new one.
func (s *syncRun) planToApply(ctx context.Context, args []string) (reconcile.Plan, error) {
	if len(args) == 0 {
		return s.compare(ctx)
	}
	plan, err := loadPlan(args[0], s.sites)
	if err == nil {
		err = plan.Protect(ctx, s.store.Repairs, s.protected)
	}
	before := len(plan.Items)
	plan.Items = slices.DeleteFunc(plan.Items, s.leavesOut)
	if out := before - len(plan.Items); err == nil && out > 0 {
		_, err = fmt.Fprintf(s.errOut, "%s of the plan left out by the flags\n", counted(out, "item"))
	}
	return plan, err
}

// leavesOut reports whether the flags leave an item of a saved plan out. An item
// that needed a flag to be found, such as a credential, needs none to be mended.
func (s *syncRun) leavesOut(i reconcile.Item) bool {
	return s.accountID != "" && i.AccountID != s.accountID || s.flags.only != "" && string(i.System) != s.flags.only ||
		s.flags.noTokens && i.Has(reconcile.Token)
}

// apply mends the plan's items and prints what became of each.
func (s *syncRun) apply(ctx context.Context, plan reconcile.Plan, out io.Writer) error {
	var tally reconcile.Tally
	var applyErr, printErr error
	whileRunning(ctx, s.runner, s.log, func() {
		tally, applyErr = reconcile.Apply(ctx, s.service, plan.Items, s.flags.together, s.pace, func(r reconcile.Result) {
			_, err := fmt.Fprintln(out, tellResult(r))
			printErr = errors.Join(printErr, err)
		})
	})
	_, err := fmt.Fprintln(out, tellTally(tally, len(plan.Items)))
	err = errors.Join(printErr, err)
	switch {
	case errors.Is(applyErr, context.Canceled):
		return errors.Join(errors.New("stopped; run it again to go on"), err)
	case applyErr != nil || err != nil:
		return errors.Join(applyErr, err)
	case tally.Failed > 0:
		return fmt.Errorf("%s failed; the lines above say why", counted(tally.Failed, "repair"))
	case tally.Skipped+tally.Privileges > 0:
		return drifted{}
	}
	return nil
}

// tellTally is the last line about so many items.
func tellTally(t reconcile.Tally, items int) string {
	text := fmt.Sprintf("%d mended, %d shut out and kept, %d protected, %d failed, %d not begun", t.Mended, t.Kept, t.Skipped, t.Failed,
		items-t.Mended-t.Kept-t.Skipped-t.Privileges-t.Failed)
	if t.Privileges > 0 {
		text += ", " + counted(t.Privileges, "privilege") + " for you to decide"
	}
	return text
}

// tellResult is one line about one repair, plain text.
func tellResult(r reconcile.Result) string { return plainText(resultText(r)) }

// holder is who has in Gitea what an account should have.
func holder(t app.Taken) string {
	if t.Mark == "" {
		return fmt.Sprintf("%q in Gitea, which is not known to be ours", t.Username)
	}
	return fmt.Sprintf("%q in Gitea, the user of account %s", t.Username, t.Mark)
}

// place names a system for people.
func place(s reconcile.System) string {
	if s == reconcile.Gitea {
		return "Gitea"
	}
	return "the storage"
}

func resultText(r reconcile.Result) string {
	kinds := make([]string, len(r.Item.Kinds))
	for n, k := range r.Item.Kinds {
		kinds[n] = string(k)
	}
	what := fmt.Sprintf("%s (%s) %s: %s", r.Item.Username, r.Item.AccountID, r.Item.System, strings.Join(kinds, ", "))
	if r.Aside {
		what += ", and called " + r.Item.User.Username + " for now"
	}
	var taken *app.Taken
	switch {
	case r.Skipped && r.Item.Has(reconcile.Privilege):
		return "left      " + what + ": take it away in " + place(r.Item.System) + ", or protect the account (sync.protected)"
	case r.Skipped:
		return "protected " + what
	case errors.As(r.Err, &taken) && taken.Username != "" && !errors.Is(r.Err, saga.ErrUndecided):
		return fmt.Sprintf("failed    %s (saga %s: %s by %s)", what, r.SagaID, app.KindOf(r.Err), holder(*taken))
	case errors.Is(r.Err, app.ErrChanged):
		return "failed    " + what + ": it has changed since the plan; make a new one"
	case errors.Is(r.Err, app.ErrDisputed):
		return fmt.Sprintf("failed    %s (saga %s: %v; nothing was changed: decide whose it is, as docs/sync.md says)", what, r.SagaID, app.ErrDisputed)
	case r.Err != nil && r.SagaID == "":
		return fmt.Sprintf("failed    %s: %v", what, r.Err)
	case r.Err != nil:
		return fmt.Sprintf("failed    %s (saga %s: %v)", what, r.SagaID, r.Err)
	case r.Kept:
		return fmt.Sprintf("kept      %s: shut out, since it has repositories, packages or organizations (saga %s)", what, r.SagaID)
	}
	return fmt.Sprintf("mended    %s (saga %s)", what, r.SagaID)
}
