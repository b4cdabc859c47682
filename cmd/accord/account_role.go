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

	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/saga"
)

// roleView is what became of giving a role.
type roleView struct {
	AccountID string   `json:"accountId"`
	Username  string   `json:"username"`
	Before    app.Role `json:"before"`
	Role      app.Role `json:"role"`
	Saga      string   `json:"saga"`
	// Warning is something to see to; empty if there is nothing.
	Warning string `json:"warning,omitempty"`
}

// recoveryWarning says why no code resets the password of an account whose role
// manages others; empty if one does.
func recoveryWarning(a app.Account, role app.Role) string {
	const way = "; until the user has changed the address by a code, from a session, no code resets the password"
	switch {
	case !role.AtLeast(app.Administrator):
	case a.OwnEmail() == "":
		return "the account has no address: no mail resets its password"
	case a.EmailHeld:
		return "an administrator set the address" + way
	case !a.EmailVerified:
		return "the address was never proved" + way
	}
	return ""
}

func newAccountRole() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "role USER ROLE",
		Short: "Give an account a role: user, administrator or super-administrator",
		Long: "Give an account a role: user, administrator or super-administrator.\n" +
			"USER is its user name or its accountId. This makes the first super-administrator, who can give roles to others;\n" +
			"the last one keeps the role.",
		Args: namedArgs,
	}
	path := configFlag(cmd)
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		printRole, err := printer(output, printRoleText)
		if err != nil {
			return err
		}
		role := app.Role(args[1])
		if !slices.Contains(app.Roles(), role) {
			return fmt.Errorf("%q is no role: it is one of %s", role, join(app.Roles()))
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		c.Log.Level = "error"
		view, err := giveRole(waitingLong(cmd.Context(), cmd.ErrOrStderr(), time.Now), c, args[0], role, newLogger(cmd.ErrOrStderr(), c.Log))
		if err != nil {
			return err
		}
		return printRole(cmd.OutOrStdout(), view)
	}
	return cmd
}

// giveRole works beside running servers, or without any.
func giveRole(ctx context.Context, c config.Config, user string, role app.Role, log *slog.Logger) (view roleView, err error) {
	ctx = byOperator(ctx)
	p, err := wire(ctx, c, log)
	if err != nil {
		return view, err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	account, err := findAccount(ctx, p.store.Accounts, user)
	if err != nil {
		return view, err
	}
	var receipt saga.Receipt
	whileRunning(ctx, p.runner, log, func() { receipt, err = p.service.GiveRole(ctx, account.ID, role) })
	if err != nil {
		return view, notGiven(account, err)
	}
	return roleView{
		AccountID: account.ID, Username: account.Username, Before: account.Role, Role: role, Saga: receipt.ID,
		Warning: recoveryWarning(account, role),
	}, nil
}

// notGiven says how to fix a role that was not given.
func notGiven(a app.Account, err error) error {
	advice, known := map[app.Kind]string{
		app.NotFound:          "the account is gone",
		app.LastAdministrator: "it is the last super-administrator that may sign in; make another one first",
		app.Busy:              "something else is being done with it; try again in a minute",
	}[app.KindOf(err)]
	if !known {
		advice = "the role was not given; fix what `accord doctor` reports, then try again"
	}
	return fmt.Errorf("%s (%s): %s (%w)", a.Username, a.ID, advice, err)
}

func printRoleText(w io.Writer, v roleView) error {
	text := fmt.Sprintf("%s (%s): %s, before %s, saga %s\n", v.Username, v.AccountID, v.Role, v.Before, v.Saga)
	if v.Warning != "" {
		text += "warning: " + v.Warning + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

// printer is what prints in the form that --output names.
func printer[T any](output func() (asJSON bool, err error), table func(io.Writer, T) error) (func(io.Writer, T) error, error) {
	asJSON, err := output()
	if asJSON {
		table = func(w io.Writer, v T) error { return printIndented(w, v) }
	}
	return table, err
}
