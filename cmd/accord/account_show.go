package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"accord/adapters/keyring"
	"accord/app"
	"accord/cmd/accord/internal/config"
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
	path := configFlag(cmd)
	output := cmd.Flags().String("output", "table", "table or json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		printers := map[string]func(io.Writer, accountView) error{"table": printAccountTable, "json": printAccountJSON}
		printAccount, known := printers[*output]
		if !known {
			return fmt.Errorf("--output is %q: it is table or json", *output)
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		view, err := viewAccount(cmd.Context(), c, args[0])
		if err != nil {
			return err
		}
		return printAccount(cmd.OutOrStdout(), view)
	}
	return cmd
}

func viewAccount(ctx context.Context, c config.Config, user string) (view accountView, err error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return view, err
	}
	ring, err := keyring.Load(c.Keys.File)
	if err != nil {
		return view, err
	}
	s, err := openStore(ctx, c, ring, slog.New(slog.DiscardHandler))
	if err != nil {
		return view, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.CheckSchema(ctx); err != nil {
		return view, err
	}
	account, err := findAccount(ctx, s.Accounts, user)
	if err != nil {
		return view, err
	}
	return viewOf(account, zone), nil
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

func printAccountJSON(w io.Writer, v accountView) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
