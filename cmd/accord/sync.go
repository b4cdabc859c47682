package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/time/rate"

	"accord/app"
	"accord/app/reconcile"
	"accord/cmd/accord/internal/config"
)

// drifted ends a plan that found differences: exit code 2, and nothing more to
// say.
type drifted struct{}

func (drifted) Error() string { return "the systems are not in accord" }
func (drifted) ExitCode() int { return 2 }

// syncFlags are those of a run of sync.
type syncFlags struct {
	config, only, account, out         string
	foreign, noTokens, allowEmpty, yes bool
	credentials, keys                  bool
	qps                                float64
	together, maxItems, allowRemovals  int
}

// foreignShown bounds the foreign users that --foreign lists.
const foreignShown = 10_000

func newSync() *cobra.Command {
	cmd := newSyncPlan("sync")
	cmd.Short = "Show how Gitea and the storage differ from the accounts, and mend it"
	cmd.Long = "Show how Gitea and the storage differ from the account store, which is the truth. Nothing is changed; `accord sync\n" +
		"apply` mends what differs. Exit code: 0 in accord, 2 they differ, 1 it could not be found out. See docs/sync.md."
	cmd.AddCommand(newSyncPlan("plan"), newSyncApply(), newSyncAdopt(), newSyncRelease())
	return cmd
}

func newSyncPlan(use string) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: "Show what differs, and change nothing", Args: noArgs}
	f := &syncFlags{}
	f.register(cmd)
	output, flags := outputFlag(cmd), cmd.Flags()
	flags.StringVar(&f.out, "out", "", "save the plan to this `file`, for `accord sync apply FILE`")
	flags.BoolVar(&f.foreign, "foreign", false, "list users that are not ours, which are counted anyway")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		print := printPlanTable
		if asJSON {
			print = printPlanJSON
		}
		return f.run(cmd, func(ctx context.Context, s *syncRun) error {
			plan, err := s.compare(ctx)
			if err != nil {
				return err
			}
			if err := errors.Join(print(cmd.OutOrStdout(), plan, s.sites), s.save(plan)); err != nil {
				return err
			}
			if !plan.InAccord() {
				return drifted{}
			}
			return nil
		})
	}
	return cmd
}

// register makes the flags that every run has.
func (f *syncFlags) register(cmd *cobra.Command) {
	path := configFlag(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.only, "only", "", "compare with gitea or storage `alone`")
	flags.StringVar(&f.account, "account", "", "compare this `user`'s account alone, by user name or accountId")
	flags.BoolVar(&f.noTokens, "no-tokens", false, "leave out Gitea's tokens, which are asked for user by user")
	flags.BoolVar(&f.credentials, "credentials", false, "also credentials that no session of ours has, by a few requests for each user")
	flags.BoolVar(&f.keys, "keys", false, "with --credentials: GPG and deploy keys too")
	flags.BoolVar(&f.allowEmpty, "allow-empty", false, "believe a system that shows none of our users")
	flags.Float64Var(&f.qps, "qps", 0, "readings and repairs per second, at most; 0 for any number")
	flags.IntVar(&f.together, "concurrency", 8, "readings, and repairs, at the same time")
	flags.IntVar(&f.maxItems, "max-drift", 100_000, "differences that a plan may hold")
	cmd.PreRun = func(*cobra.Command, []string) { f.config = *path }
}

func (f *syncFlags) fault() error {
	var faults []error
	if only := reconcile.System(f.only); f.only != "" && !slices.Contains([]reconcile.System{reconcile.Gitea, reconcile.InStorage}, only) {
		faults = append(faults, fmt.Errorf("--only is %q: it is gitea or storage", f.only))
	}
	if f.together < 1 || f.together > 64 {
		faults = append(faults, fmt.Errorf("--concurrency is %d: it is 1 to 64", f.together))
	}
	if f.keys && !f.credentials {
		faults = append(faults, errors.New("--keys goes with --credentials"))
	}
	if f.qps < 0 {
		faults = append(faults, errors.New("--qps is negative"))
	}
	if f.maxItems < 1 {
		faults = append(faults, errors.New("--max-drift is less than 1"))
	}
	return errors.Join(faults...)
}

// syncRun is a run of sync on wired parts.
type syncRun struct {
	*parts
	flags     *syncFlags
	accountID string
	protected []string
	sealed    bool
	// pace is one for all that the run does.
	pace   reconcile.Pace
	sites  planSites
	errOut io.Writer
	log    *slog.Logger
}

// run wires everything for work, beside running servers or without any.
func (f *syncFlags) run(cmd *cobra.Command, work func(ctx context.Context, s *syncRun) error) (err error) {
	if err := f.fault(); err != nil {
		return err
	}
	c, err := loadConfig(cmd, f.config)
	if err != nil {
		return err
	}
	c.Log.Level = "error" // what becomes of single steps is in the command's own lines
	ctx, log := byOperator(cmd.Context()), newLogger(cmd.ErrOrStderr(), c.Log)
	p, err := wire(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = withClose(err, p.close(ctx)) }()
	s := &syncRun{
		parts: p, flags: f, protected: c.Sync.Protected, sealed: c.Gitea.Sealed(), pace: f.pace(), sites: sitesOf(c),
		errOut: cmd.ErrOrStderr(), log: log,
	}
	if f.account != "" {
		account, err := findAccount(ctx, p.store.Accounts, f.account)
		if err != nil {
			return err
		}
		s.accountID = account.ID
	}
	return withAdvice(work(ctx, s))
}

// withAdvice says where to look if a system did not take part.
func withAdvice(err error) error {
	if kind := app.KindOf(err); kind == app.DirectoryFailed || kind == app.StorageFailed {
		return fmt.Errorf("%w; `accord doctor` says what is wrong with it", err)
	}
	return err
}

// withClose keeps the exit code of an error unless closing failed too.
func withClose(err, closing error) error {
	if closing == nil {
		return err
	}
	return errors.Join(closing, err)
}

// planSites are the servers that a plan is about.
type planSites struct {
	Gitea   string `json:"gitea"`
	Storage string `json:"storage"`
	Bucket  string `json:"bucket"`
}

func sitesOf(c config.Config) planSites {
	return planSites{Gitea: c.Gitea.URL, Storage: c.Storage.Endpoint, Bucket: c.Storage.Bucket}
}

func (s *syncRun) compare(ctx context.Context) (reconcile.Plan, error) {
	accounts, err := s.store.Repairs.Count(ctx)
	if err != nil {
		return reconcile.Plan{}, err
	}
	bar := newProgress(s.errOut, accounts)
	defer bar.done()
	foreign := 0
	if s.flags.foreign {
		foreign = foreignShown
	}
	return reconcile.Compare(ctx, s.systems(), reconcile.Options{
		Only: reconcile.System(s.flags.only), AccountID: s.accountID, NoTokens: s.flags.noTokens, Sealed: s.sealed, Foreign: foreign,
		Together: s.flags.together, Pace: s.pace, Protected: s.protected, AllowEmpty: s.flags.allowEmpty,
		Credentials: s.evictable(),
		MaxItems:    s.flags.maxItems, Progress: bar.read, Now: time.Now,
	})
}

// evictable is nil unless credentials are asked for.
func (s *syncRun) evictable() reconcile.Evictable {
	if !s.flags.credentials {
		return nil
	}
	return func(ctx context.Context, accountID string) ([]app.Credential, error) {
		return s.service.Evictable(ctx, accountID, s.flags.keys)
	}
}

// pace is what the rate allows.
func (f *syncFlags) pace() reconcile.Pace {
	if f.qps == 0 {
		return func(ctx context.Context) error { return ctx.Err() }
	}
	return rate.NewLimiter(rate.Limit(f.qps), 1).Wait
}
