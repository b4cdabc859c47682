package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"accord/cmd/accord/internal/config"
	"accord/saga"
	"accord/store"
)

// sagaQuery is what `accord saga list` was asked for.
type sagaQuery struct {
	filter    saga.Filter
	page      saga.Page
	account   string
	phase     string
	olderThan time.Duration
}

func newSagaList() *cobra.Command {
	var q sagaQuery
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List sagas, those that began last first",
		Args:  noArgs,
	}
	path := configFlag(cmd)
	output := outputFlag(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&q.filter.Stuck, "stuck", false, "only those that wait for an operator")
	flags.StringVar(&q.filter.Flow, "flow", "", "only those of this `flow`, such as \"sign in\"")
	flags.StringVar(&q.account, "account", "", "only those about this account: `USER`, its user name or its accountId")
	flags.StringVar(&q.phase, "phase", "", "only those in this `phase`: running, unwinding, settling, completing, lingering, committed or aborted")
	flags.DurationVar(&q.olderThan, "older-than", 0, "only those that began longer ago than this")
	flags.IntVar(&q.page.Limit, "limit", 50, "how many at most")
	flags.StringVar(&q.page.After, "after", "", "go on after this `saga`, the last of the list before")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err == nil {
			err = q.check()
		}
		if err != nil {
			return err
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		views, err := listSagas(cmd.Context(), c, q)
		if err != nil {
			return err
		}
		if asJSON {
			return printSagasJSON(cmd.OutOrStdout(), views)
		}
		return printSagas(cmd.OutOrStdout(), views, q.page.Limit)
	}
	return cmd
}

func (q *sagaQuery) check() error {
	switch q.filter.Phase = saga.Phase(q.phase); q.filter.Phase {
	case "", saga.Running, saga.Unwinding, saga.Settling, saga.Completing, saga.Lingering, saga.Committed, saga.Aborted:
	default:
		return fmt.Errorf("--phase is %q: it is running, unwinding, settling, completing, lingering, committed or aborted", q.phase)
	}
	if q.page.Limit < 1 || q.page.Limit > saga.MaxPage {
		return fmt.Errorf("--limit is %d: it is 1 to %d", q.page.Limit, saga.MaxPage)
	}
	return nil
}

func listSagas(ctx context.Context, c config.Config, q sagaQuery) (views []sagaView, err error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, err
	}
	err = withStore(ctx, c, func(s *store.Store) error {
		if q.account != "" {
			account, err := findAccount(ctx, s.Accounts, q.account)
			if err != nil {
				return err
			}
			q.filter.Subject = account.ID
		}
		if q.olderThan > 0 {
			q.filter.Before = time.Now().Add(-q.olderThan)
		}
		records, err := s.Archive.List(ctx, q.filter, q.page)
		if errors.Is(err, saga.ErrNotFound) {
			return fmt.Errorf("--after: no saga %q", q.page.After)
		}
		views = make([]sagaView, len(records))
		for i, r := range records {
			views[i] = viewOfSaga(r, zone)
		}
		return err
	})
	return views, err
}

func printSagas(w io.Writer, views []sagaView, limit int) error {
	if len(views) == 0 {
		_, err := fmt.Fprintln(w, "no such saga")
		return err
	}
	t := newTable(w, "saga", "began", "flow", "account", "phase", "tries", "by", "reason")
	for _, v := range views {
		t.AppendRow([]any{
			v.ID, v.CreatedAt.Format(shownTime), v.Flow, orDash(v.AccountID), v.standing(), v.Attempts,
			orDash(by(v.Actor, v.Channel)), orDash(v.Reason),
		})
	}
	t.Render()
	if len(views) == limit {
		_, err := fmt.Fprintf(w, "there may be more: --after %s\n", views[limit-1].ID)
		return err
	}
	return nil
}

// by is who asked, and by which way.
func by(actor, channel string) string {
	if channel == "" {
		return actor
	}
	return actor + " (" + channel + ")"
}

func printSagasJSON(w io.Writer, views []sagaView) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(map[string]any{"sagas": views})
}
