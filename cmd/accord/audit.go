package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"accord/cmd/accord/internal/config"
	"accord/store"
)

func newAudit() *cobra.Command {
	return newGroup("audit", "Read the audit trail, and prove that it is whole", newAuditList(), newAuditVerify())
}

// auditView is one entry of the trail.
type auditView struct {
	Seq       int64     `json:"seq"`
	At        time.Time `json:"at"`
	Actor     string    `json:"actor"`
	Channel   string    `json:"channel"`
	Request   string    `json:"request"`
	Action    string    `json:"action"`
	AccountID string    `json:"accountId"`
	Saga      string    `json:"saga"`
	Outcome   string    `json:"outcome"`
}

// maxAuditList is the most that one command lists.
const maxAuditList = 1000

func newAuditList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what was done, by whom, to which account, the last first",
		Args:  noArgs,
	}
	path := configFlag(cmd)
	output := outputFlag(cmd)
	account := cmd.Flags().String("account", "", "only what was done to this account: `USER`, its user name or its accountId")
	since := cmd.Flags().String("since", "", "only from this `time` on, such as 2026-03-01T12:00:00Z, or so long ago, such as 48h")
	var f store.AuditFilter
	cmd.Flags().IntVar(&f.Limit, "limit", 100, "how many at most")
	cmd.Flags().Int64Var(&f.Before, "after", 0, "go on after the entry of this `number`, the last of the list before")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		asJSON, err := output()
		if err == nil && (f.Limit < 1 || f.Limit > maxAuditList) {
			err = fmt.Errorf("--limit is %d: it is 1 to %d", f.Limit, maxAuditList)
		}
		if err == nil {
			f.Since, err = sinceWhen(*since, time.Now())
		}
		if err != nil {
			return err
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		views, err := listAudit(cmd.Context(), c, *account, f)
		if err != nil {
			return err
		}
		if asJSON {
			encoder := json.NewEncoder(cmd.OutOrStdout())
			encoder.SetIndent("", "  ")
			return encoder.Encode(map[string]any{"entries": views})
		}
		return printAudit(cmd.OutOrStdout(), views, f.Limit)
	}
	return cmd
}

// sinceWhen reads a point in time, or how long ago it was.
func sinceWhen(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("--since is %q: it is a time such as 2026-03-01T12:00:00Z, or how long ago, such as 48h", text)
	}
	return at, nil
}

func listAudit(ctx context.Context, c config.Config, user string, f store.AuditFilter) (views []auditView, err error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, err
	}
	err = withStore(ctx, c, func(s *store.Store) error {
		if user != "" {
			account, err := findAccount(ctx, s.Accounts, user)
			if err != nil {
				return err
			}
			f.AccountID = account.ID
		}
		entries, err := s.Audit.List(ctx, f)
		views = make([]auditView, len(entries))
		for i, e := range entries {
			views[i] = auditView{e.Seq, e.At.In(zone), e.Actor, e.Channel, e.Request, e.Action, e.AccountID, e.SagaID, e.Outcome}
		}
		return err
	})
	return views, err
}

func printAudit(w io.Writer, views []auditView, limit int) error {
	if len(views) == 0 {
		_, err := fmt.Fprintln(w, "no such entry")
		return err
	}
	t := newTable(w, "no", "time", "account", "action", "outcome", "by", "request", "saga")
	for _, v := range views {
		t.AppendRow([]any{
			v.Seq, v.At.Format(shownTime), orDash(v.AccountID), orDash(v.Action), orDash(v.Outcome),
			orDash(by(v.Actor, v.Channel)), orDash(v.Request), orDash(v.Saga),
		})
	}
	t.Render()
	if len(views) == limit {
		_, err := fmt.Fprintf(w, "there may be more: --after %d\n", views[limit-1].Seq)
		return err
	}
	return nil
}

func newAuditVerify() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that no entry of the audit trail was altered, removed or put in",
		Long: "Prove that no entry of the audit trail was altered, removed or put in, by the hashes that chain them. It prints the\n" +
			"trail's end as SEQ:HASH; keep that elsewhere, and give it to a later --expect, which then finds also a trail that was\n" +
			"cut off or written anew. Exit 0 where the trail is whole, else 1, with the first entry that is at fault.",
		Args: noArgs,
	}
	path := configFlag(cmd)
	expect := cmd.Flags().String("expect", "", "the `SEQ:HASH` that an earlier run printed")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var expected store.AuditMark
		if *expect != "" {
			var err error
			if expected, err = store.ParseAuditMark(*expect); err != nil {
				return fmt.Errorf("--expect: %w", err)
			}
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		return withStore(cmd.Context(), c, func(s *store.Store) error {
			mark, err := s.Audit.Verify(cmd.Context(), expected)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), mark)
			return err
		})
	}
	return cmd
}
