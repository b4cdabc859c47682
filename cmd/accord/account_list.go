package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

// present are the statuses of accounts that are listed unless another is asked
// for: all but those of which nothing is left.
var present = []app.Status{app.Reserved, app.Normal, app.Paused, app.Locked, app.Stopped, app.Leaving}

var statuses = append(slices.Clone(present), app.Deleted, app.Abandoned)

// maxPage is the most that a command lists at once.
const maxPage = 1000

// pageFlags are those of a list.
type pageFlags struct {
	limit *int
	after *string
}

func newPageFlags(cmd *cobra.Command, what string) pageFlags {
	return pageFlags{
		limit: cmd.Flags().Int("limit", 50, "how many to list"),
		after: cmd.Flags().String("after", "", "list those after this `"+what+"`"),
	}
}

func (f pageFlags) check() error {
	if *f.limit < 1 || *f.limit > maxPage {
		return fmt.Errorf("--limit is %d: it is 1 to %d", *f.limit, maxPage)
	}
	return nil
}

// accountPage is a list of accounts. Next, where there are more, is what --after
// takes.
type accountPage struct {
	Accounts []accountView `json:"accounts"`
	Next     string        `json:"next,omitempty"`
}

func newAccountList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List accounts, in the order of their accountIds",
		Long: "List accounts in the order of their accountIds, which begin with the hour in which they were made, page by page.\n" +
			"Only the database is asked.\n" +
			"Accounts that were removed for good, and registrations that were undone, are listed by --status alone.",
		Args: suggestConfig(noArgs),
	}
	flags, paging := newAccountFlags(cmd), newPageFlags(cmd, "accountId")
	status := cmd.Flags().String("status", "", "list those in this `status` only")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		in := present
		if *status != "" {
			in = []app.Status{app.Status(*status)}
		}
		if !slices.Contains(statuses, in[0]) {
			return fmt.Errorf("--status is %q: it is one of %s", *status, join(statuses))
		}
		if err := paging.check(); err != nil {
			return err
		}
		c, asJSON, err := flags.load(cmd)
		if err != nil {
			return err
		}
		return inStore(cmd.Context(), c, func(s *store.Store, zone *time.Location) error {
			page, err := listAccounts(cmd.Context(), s, in, paging, zone)
			if err == nil {
				err = auditRead(cmd.Context(), s, app.ListedPeople, "", len(page.Accounts))
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

func join[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = string(s)
	}
	return strings.Join(texts, ", ")
}

func listAccounts(ctx context.Context, s *store.Store, in []app.Status, f pageFlags, zone *time.Location) (accountPage, error) {
	found, err := s.Listings.PageOfAccounts(ctx, in, *f.after, *f.limit+1)
	page := accountPage{Accounts: []accountView{}}
	for i, a := range found {
		if i == *f.limit {
			page.Next = found[i-1].ID
			break
		}
		page.Accounts = append(page.Accounts, viewOf(a, zone))
	}
	return page, err
}

func (p accountPage) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	lines := []string{"ACCOUNT\tSTATUS\tNAME\tE-MAIL\tCREATED"}
	for _, a := range p.Accounts {
		lines = append(lines, strings.Join([]string{
			a.AccountID, string(a.Status), cmp.Or(a.Username, "-"), cmp.Or(a.Email, "-"), moment(a.CreatedAt),
		}, "\t"))
	}
	return printPage(w, table, lines, p.Next)
}

func printPage(w io.Writer, table *tabwriter.Writer, lines []string, next string) error {
	_, err := fmt.Fprintln(table, strings.Join(lines, "\n"))
	if err == nil {
		err = table.Flush()
	}
	if err == nil && next != "" {
		_, err = fmt.Fprintf(w, "there are more: --after %s\n", next)
	}
	return err
}

// inStore works on the database alone, with the platform's time zone.
func inStore(ctx context.Context, c config.Config, work func(s *store.Store, zone *time.Location) error) error {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return err
	}
	return withStore(ctx, c, func(s *store.Store) error { return work(s, zone) })
}
