package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/saga"
)

// accountFlags are what every command on an account has.
type accountFlags struct {
	config, output *string
}

func newAccountFlags(cmd *cobra.Command) accountFlags {
	return accountFlags{config: configFlag(cmd), output: cmd.Flags().String("output", "table", "table or json")}
}

// load reads the configuration, and reports whether JSON is to be printed.
func (f accountFlags) load(cmd *cobra.Command) (c config.Config, asJSON bool, err error) {
	if *f.output != "table" && *f.output != "json" {
		return c, false, fmt.Errorf("--output is %q: it is table or json", *f.output)
	}
	c, err = loadConfig(cmd, *f.config)
	c.Log.Level = "error" // what becomes of single steps is in the command's own error
	return c, *f.output == "json", err
}

func printIndented(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// operation is an account that an operator works on, beside running servers or
// without any.
type operation struct {
	*parts
	account app.Account
	out     io.Writer
	asJSON  bool
	zone    *time.Location
}

// operate finds the account and works on it while sagas run.
func operate(cmd *cobra.Command, f accountFlags, user string, work func(ctx context.Context, o operation) error) (err error) {
	c, asJSON, err := f.load(cmd)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return err
	}
	ctx, log := cmd.Context(), newLogger(cmd.ErrOrStderr(), c.Log)
	ctx = waitingLong(byOperator(ctx), cmd.ErrOrStderr(), time.Now)
	p, err := wire(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	account, err := findAccount(ctx, p.store.Accounts, user)
	if err != nil {
		return err
	}
	whileRunning(ctx, p.runner, log, func() {
		err = work(ctx, operation{parts: p, account: account, out: cmd.OutOrStdout(), asJSON: asJSON, zone: zone})
	})
	return err
}

// doneView is what was done to an account.
type doneView struct {
	Done      string     `json:"done"`
	AccountID string     `json:"accountId"`
	Username  string     `json:"username"`
	Status    app.Status `json:"status"`
	Saga      string     `json:"saga"`
	// Pending is what goes on in the background; empty if nothing does.
	Pending string `json:"pending,omitempty"`
}

// tell prints what was done by the saga, or why not. A saga that is past its
// point of no return has done it, whatever is still to be tidied up.
func (o operation) tell(ctx context.Context, done string, receipt saga.Receipt, fault error) error {
	if fault != nil && receipt.Pending == nil {
		return notDone(o.account, done, receipt, fault)
	}
	view := doneView{Done: done, AccountID: o.account.ID, Username: o.account.Username, Saga: receipt.ID}
	if fault != nil {
		view.Pending = fault.Error()
	}
	now, err := o.store.Accounts.ByID(ctx, o.account.ID)
	if err != nil {
		return err
	}
	view.Status = now.Status
	if o.asJSON {
		return printIndented(o.out, view)
	}
	return view.print(o.out)
}

func (v doneView) print(w io.Writer) error {
	text := fmt.Sprintf("%s %s (%s), saga %s\n", v.Done, v.Username, v.AccountID, v.Saga)
	if v.Pending != "" {
		text += fmt.Sprintf("the rest goes on while `accord serve` runs: %s\n", v.Pending)
	}
	if v.Done == "restored" && v.Status.Suspended() {
		text += fmt.Sprintf("its status is %s, as it was before; `accord account unlock` lets it in\n", v.Status)
	}
	_, err := io.WriteString(w, text)
	return err
}

// notDone tells what to do about something that failed.
func notDone(a app.Account, done string, receipt saga.Receipt, err error) error {
	advice := map[app.Kind]string{
		app.NotFound:  "it is not in a status for this any more; `accord account show` says what became of it",
		app.Unchanged: "nothing to do, it is so already",
		app.Busy:      "something else is being done with it; try again in a minute",
		app.LastAdministrator: "not " + done + ": it is the last super-administrator that may sign in; make another one first, by " +
			"`accord account role USER super-administrator`, then try again",
		app.LastOwner:       "not " + done + ": others would lose their organization; make somebody else its owner in Gitea, then try again",
		app.DirectoryFailed: "not " + done + ", Gitea did not take part; mend what `accord doctor` and `accord sync` say of it, then try again",
		app.StorageFailed:   "not " + done + ", the storage did not take part; mend what `accord doctor` says of it, then try again",
	}[app.KindOf(err)]
	if errors.Is(err, saga.ErrUndecided) {
		advice = "not decided yet, `accord serve` brings it to an end; look at it by `accord account show` after that, and try again if need be"
	}
	advice = cmp.Or(advice, "not "+done+"; mend what `accord doctor` says, then try again")
	name := fmt.Sprintf("%s (%s)", a.Username, a.ID)
	if receipt.ID == "" {
		return fmt.Errorf("%s: %s (%w)", name, advice, err)
	}
	return fmt.Errorf("%s: %s (saga %s: %w)", name, advice, receipt.ID, err)
}

// plainText is text from outside without what a terminal takes for orders.
func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
}
