package main

import (
	"cmp"
	"context"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"accord/app"
	"accord/store"
)

// sessionView is what an operator sees of a session: none of its tokens.
type sessionView struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	IP        string    `json:"ip"`
	Device    string    `json:"device"`
}

// sessionPage is a list of sessions. Next, where there are more, is what --after
// takes.
type sessionPage struct {
	AccountID string        `json:"accountId"`
	Sessions  []sessionView `json:"sessions"`
	Next      string        `json:"next,omitempty"`
}

func newAccountSessions() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sessions USER",
		Short: "List the live sessions of an account",
		Long:  "List the live sessions of an account, page by page. USER is a user name or an accountId. Only the database is asked.",
		Args:  namedArgs,
	}
	flags, paging := newAccountFlags(cmd), newPageFlags(cmd, "session")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := paging.check(); err != nil {
			return err
		}
		c, asJSON, err := flags.load(cmd)
		if err != nil {
			return err
		}
		return inStore(cmd.Context(), c, func(s *store.Store, zone *time.Location) error {
			account, err := findAccount(cmd.Context(), s.Accounts, args[0])
			if err != nil {
				return err
			}
			page, err := listSessions(cmd.Context(), s, account, paging, zone)
			if err == nil {
				err = auditRead(cmd.Context(), s, app.ReadSessions, account.ID, len(page.Sessions))
			}
			switch {
			case err != nil:
				return err
			case asJSON:
				return printIndented(cmd.OutOrStdout(), page)
			}
			return page.print(cmd.OutOrStdout())
		})
	}
	return cmd
}

func listSessions(ctx context.Context, s *store.Store, a app.Account, f pageFlags, zone *time.Location) (sessionPage, error) {
	found, err := s.Listings.PageOfSessions(ctx, a.ID, time.Now(), *f.after, *f.limit+1)
	page := sessionPage{AccountID: a.ID, Sessions: []sessionView{}}
	for i, session := range found {
		if i == *f.limit {
			page.Next = found[i-1].ID
			break
		}
		page.Sessions = append(page.Sessions, sessionView{
			ID: session.ID, CreatedAt: session.CreatedAt.In(zone), ExpiresAt: session.ExpiresAt.In(zone),
			IP: session.IP, Device: session.Device,
		})
	}
	return page, err
}

func (p sessionPage) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	lines := []string{"SESSION\tCREATED\tEXPIRES\tIP\tDEVICE"}
	for _, s := range p.Sessions {
		lines = append(lines, strings.Join([]string{
			s.ID, moment(s.CreatedAt), moment(s.ExpiresAt),
			cmp.Or(plainText(s.IP), "-"), cmp.Or(plainText(s.Device), "-"),
		}, "\t"))
	}
	return printPage(w, table, lines, p.Next)
}
