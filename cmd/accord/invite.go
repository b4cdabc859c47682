package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"accord/app"
	"accord/cmd/accord/internal/config"
)

// inviteView is what an operator sees of an invitation.
type inviteView struct {
	ID int64 `json:"id"`
	// Code is there once, when it is made.
	Code    string `json:"code,omitempty"`
	Inviter string `json:"inviter"`
	Note    string `json:"note"`
	Uses    int    `json:"uses"`
	Used    int    `json:"used"`
	// State is open, used up, expired or revoked.
	State     string    `json:"state"`
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt,omitzero"`
	RevokedAt time.Time `json:"revokedAt,omitzero"`
}

func newInvite() *cobra.Command {
	return newGroup("invite", "Make, list and revoke invitation codes", newInviteCreate(), newInviteList(), newInviteRevoke())
}

func newInviteCreate() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make an invitation code; it is shown this once",
		Long: "Make an invitation code with which so many people can register. The code is shown this once:\n" +
			"only a hash of it is kept.",
		Args: noArgs,
	}
	path, output := configFlag(cmd), outputFlag(cmd)
	uses := cmd.Flags().Int("uses", 1, "how many may register with it")
	expires := cmd.Flags().Duration("expires", 0, "how long it can be used, e.g. 72h; 0: until it is revoked")
	note := cmd.Flags().String("note", "", "a note for operators")
	inviter := cmd.Flags().String("inviter", "", "user name or accountId of whoever invites; nobody by default")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return withInvites(cmd, *path, output, printInvite, func(ctx context.Context, p *parts) (inviteView, error) {
			in := app.NewInvite{Note: *note, Uses: *uses}
			switch {
			case *expires < 0:
				return inviteView{}, fmt.Errorf("--expires is %s: it lies in the past", *expires)
			case *expires > 0:
				in.ExpiresAt = time.Now().Add(*expires)
			}
			if *inviter != "" {
				account, err := findAccount(ctx, p.store.Accounts, *inviter)
				if err != nil {
					return inviteView{}, err
				}
				in.Inviter = account.ID
			}
			invite, code, err := p.service.CreateInvite(ctx, in)
			switch invalid := app.KindOf(err) == app.Invalid; {
			case invalid && (in.Uses < 1 || in.Uses > app.MaxInviteUses):
				err = fmt.Errorf("--uses is %d: it is 1 to %d", in.Uses, app.MaxInviteUses)
			case invalid:
				err = fmt.Errorf("--note cannot be kept: it has at most %d characters", app.MaxInviteNote)
			}
			view := viewOfInvite(invite)
			view.Code = code.Reveal()
			return view, err
		})
	}
	return cmd
}

func newInviteList() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List invitations, the oldest first",
		Args:  noArgs,
	}
	path, output := configFlag(cmd), outputFlag(cmd)
	after := cmd.Flags().Int64("after", 0, "list those after this id")
	limit := cmd.Flags().Int("limit", 100, "list at most so many")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *limit < 1 || *limit > app.MaxInvites {
			return fmt.Errorf("--limit is %d: it is 1 to %d", *limit, app.MaxInvites)
		}
		return withInvites(cmd, *path, output, printInvites, func(ctx context.Context, p *parts) ([]inviteView, error) {
			invites, err := p.service.ListInvites(ctx, *after, *limit)
			views := make([]inviteView, len(invites))
			for i, invite := range invites {
				views[i] = viewOfInvite(invite)
			}
			return views, err
		})
	}
	return cmd
}

func newInviteRevoke() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "Revoke an invitation; who has registered with it stays",
		Args:  namedArgs,
	}
	path, output := configFlag(cmd), outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id, err := strconv.ParseInt(args[0], 10, 64)
		if err != nil {
			return fmt.Errorf("%q is no id of an invitation: see `accord invite list`", args[0])
		}
		return withInvites(cmd, *path, output, printRevokedInvite, func(ctx context.Context, p *parts) (revokedInvite, error) {
			err := p.service.RevokeInvite(ctx, id)
			if app.KindOf(err) == app.NotFound {
				err = fmt.Errorf("there is no invitation %d", id)
			}
			return revokedInvite{ID: id, State: "revoked"}, err
		})
	}
	return cmd
}

// revokedInvite is what became of a revocation.
type revokedInvite struct {
	ID    int64  `json:"id"`
	State string `json:"state"`
}

// withInvites does an operator's work beside running servers, or without any,
// and prints what comes of it.
func withInvites[T any](
	cmd *cobra.Command, path string, output func() (asJSON bool, err error), table func(io.Writer, T) error, work func(context.Context, *parts) (T, error),
) error {
	printed, err := printer(output, table)
	if err != nil {
		return err
	}
	c, err := loadConfig(cmd, path)
	if err != nil {
		return err
	}
	c.Log.Level = "error"
	view, err := wired(cmd.Context(), c, newLogger(cmd.ErrOrStderr(), c.Log), work)
	if err != nil {
		return err
	}
	return printed(cmd.OutOrStdout(), view)
}

func wired[T any](ctx context.Context, c config.Config, log *slog.Logger, work func(context.Context, *parts) (T, error)) (view T, err error) {
	p, err := wire(ctx, c, log)
	if err != nil {
		return view, err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	return work(ctx, p)
}

func viewOfInvite(in app.Invite) inviteView {
	view := inviteView{
		ID: in.ID, Inviter: in.Inviter, Note: in.Note, Uses: in.Uses, Used: in.Used, State: "open",
		CreatedAt: in.CreatedAt, ExpiresAt: in.ExpiresAt, RevokedAt: in.RevokedAt,
	}
	switch {
	case !in.RevokedAt.IsZero():
		view.State = "revoked"
	case in.Used >= in.Uses:
		view.State = "used up"
	case !in.ExpiresAt.IsZero() && !in.ExpiresAt.After(time.Now()):
		view.State = "expired"
	}
	return view
}

func printInvite(w io.Writer, v inviteView) error {
	_, err := fmt.Fprintf(w, "%s\ninvitation %d, uses %d, expires %s; the code is not shown again\n", v.Code, v.ID, v.Uses, moment(v.ExpiresAt))
	return err
}

func printRevokedInvite(w io.Writer, v revokedInvite) error {
	_, err := fmt.Fprintf(w, "revoked invitation %d\n", v.ID)
	return err
}

func printInvites(w io.Writer, all []inviteView) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) // keeps the first fault for Flush
	_, _ = fmt.Fprintln(table, "ID\tSTATE\tUSED\tCREATED\tEXPIRES\tINVITER\tNOTE")
	for _, v := range all {
		_, _ = fmt.Fprintf(table, "%d\t%s\t%d of %d\t%s\t%s\t%s\t%s\n", v.ID, v.State, v.Used, v.Uses,
			moment(v.CreatedAt), moment(v.ExpiresAt), cmp.Or(v.Inviter, "-"), cmp.Or(v.Note, "-"))
	}
	return table.Flush()
}
