package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"accord/app"
	"accord/store"
)

// accountView is what an operator sees of an account: no hash and no secret.
type accountView struct {
	AccountID     string     `json:"accountId"`
	Status        app.Status `json:"status"`
	Role          app.Role   `json:"role"`
	Username      string     `json:"username"`
	Email         string     `json:"email"`
	EmailVerified bool       `json:"emailVerified"`
	Country       string     `json:"country"`
	Mobile        string     `json:"mobile"`
	CreatedAt     time.Time  `json:"createdAt"`
	// LeavingUntil is the end of the grace period; absent unless leaving.
	LeavingUntil time.Time `json:"leavingUntil,omitzero"`
	// RemovalWaits is why an account whose grace period is over has not been
	// removed, and RemovalTried when that is tried again.
	RemovalWaits string    `json:"removalWaits,omitempty"`
	RemovalTried time.Time `json:"removalTriedAgain,omitzero"`
	// Logged are the digests that stand for the account in the log.
	Logged *loggedView `json:"logged,omitempty"`
	// Access is absent if the account has no users on the other systems.
	Access *accessView `json:"access,omitempty"`
}

// loggedView shows app.AccountDigests.
type loggedView struct {
	Account string `json:"account"`
	Name    string `json:"name,omitempty"`
	Email   string `json:"email,omitempty"`
	Mobile  string `json:"mobile,omitempty"`
}

func (v *loggedView) String() string {
	text := "account=" + v.Account
	for _, typed := range []string{v.Name, v.Email, v.Mobile} {
		if typed != "" {
			text += " typed=" + typed
		}
	}
	return text
}

// digestsOf returns the digests under the database's key.
func digestsOf(ctx context.Context, s *store.Store) (app.Digests, error) {
	key, err := s.DigestKey(ctx)
	return app.NewDigests(key), err
}

func newAccountShow() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show USER",
		Short: "Show where an account stands",
		Long: "Show where an account stands, and what it has on Gitea and the storage that Accord did not give it: privileges, and\n" +
			"credentials by kind and name. USER is its user name or its accountId.",
		Args: namedArgs,
	}
	flags := newAccountFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, asJSON, err := flags.load(cmd)
		if err != nil {
			return err
		}
		return inStore(cmd.Context(), c, func(s *store.Store, zone *time.Location) error {
			account, err := findAccount(cmd.Context(), s.Accounts, args[0])
			if err != nil {
				return err
			}
			digests, err := digestsOf(cmd.Context(), s)
			if err != nil {
				return err
			}
			view := viewOf(account, zone)
			until, reason, err := s.Departures.Postponement(cmd.Context(), account.ID)
			if err != nil {
				return err
			}
			if !until.IsZero() {
				view.RemovalWaits, view.RemovalTried = reason, until.In(zone)
			}
			view.Logged = (*loggedView)(new(digests.OfAccount(account)))
			view.Access = accessOf(cmd.Context(), c, s, account)
			if err := auditRead(cmd.Context(), s, app.ReadPerson, account.ID, 1); err != nil {
				return err
			}
			if asJSON {
				return printIndented(cmd.OutOrStdout(), view)
			}
			return printAccountTable(cmd.OutOrStdout(), view)
		})
	}
	return cmd
}

func viewOf(a app.Account, zone *time.Location) accountView {
	view := accountView{
		AccountID: a.ID, Status: a.Status, Role: a.Role, Username: a.Username, Email: a.OwnEmail(), EmailVerified: a.EmailVerified,
		Country: a.Country, Mobile: a.Mobile, CreatedAt: a.CreatedAt.In(zone),
	}
	if !a.LeavingUntil.IsZero() {
		view.LeavingUntil = a.LeavingUntil.In(zone)
	}
	return view
}

func printAccountTable(w io.Writer, v accountView) error {
	email, mobile := v.Email, ""
	if v.EmailVerified {
		email += " (verified)"
	}
	if v.Mobile != "" {
		mobile = "+" + v.Country + " " + v.Mobile
	}
	logged := ""
	if v.Logged != nil {
		logged = v.Logged.String()
	}
	rows := [][2]string{
		{"account", v.AccountID},
		{"status", string(v.Status)},
		{"role", string(v.Role)},
		{"name", v.Username},
		{"e-mail", email},
		{"mobile", mobile},
		{"created", moment(v.CreatedAt)},
		{"leaving until", moment(v.LeavingUntil)},
		{"in the log", logged},
	}
	if v.RemovalWaits != "" {
		rows = append(rows, [2]string{"removal waits", v.RemovalWaits + "; next try " + moment(v.RemovalTried)})
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append(rows, v.Access.rows()...) {
		if _, err := fmt.Fprintf(table, "%s\t%s\n", row[0], cmp.Or(row[1], "-")); err != nil {
			return err
		}
	}
	return table.Flush()
}
