package main

import (
	"cmp"
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
}

func newAccountShow() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show USER",
		Short: "Show where an account stands",
		Long:  "Show where an account stands. USER is its user name or its accountId. Only the database is asked.",
		Args:  cobra.ExactArgs(1),
	}
	flags := newAccountFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, asJSON, err := flags.load(cmd)
		if err != nil {
			return err
		}
		return inStore(cmd.Context(), c, func(s *store.Store, zone *time.Location) error {
			account, err := findAccount(cmd.Context(), s.Accounts, args[0])
			switch {
			case err != nil:
				return err
			case asJSON:
				return printIndented(cmd.OutOrStdout(), viewOf(account, zone))
			}
			return printAccountTable(cmd.OutOrStdout(), viewOf(account, zone))
		})
	}
	return cmd
}

func viewOf(a app.Account, zone *time.Location) accountView {
	view := accountView{
		AccountID: a.ID, Status: a.Status, Role: a.Role, Username: a.Username, Email: a.Email, EmailVerified: a.EmailVerified,
		Country: a.Country, Mobile: a.Mobile, CreatedAt: a.CreatedAt.In(zone),
	}
	if !a.LeavingUntil.IsZero() {
		view.LeavingUntil = a.LeavingUntil.In(zone)
	}
	return view
}

func printAccountTable(w io.Writer, v accountView) error {
	email, mobile, leaving := v.Email, "", ""
	if v.EmailVerified {
		email += " (verified)"
	}
	if v.Mobile != "" {
		mobile = "+" + v.Country + " " + v.Mobile
	}
	if !v.LeavingUntil.IsZero() {
		leaving = v.LeavingUntil.Format(time.RFC3339)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"account", v.AccountID},
		{"status", string(v.Status)},
		{"role", string(v.Role)},
		{"name", v.Username},
		{"e-mail", email},
		{"mobile", mobile},
		{"created", v.CreatedAt.Format(time.RFC3339)},
		{"leaving until", leaving},
	} {
		if _, err := fmt.Fprintf(table, "%s\t%s\n", row[0], cmp.Or(row[1], "-")); err != nil {
			return err
		}
	}
	return table.Flush()
}
