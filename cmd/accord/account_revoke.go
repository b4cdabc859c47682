package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"accord/app"
	"accord/saga"
)

// revokedView is which sessions were ended.
type revokedView struct {
	AccountID string   `json:"accountId"`
	Sessions  []string `json:"sessions"`
	// Pending are those of which a token on Gitea or the storage still lives.
	Pending []string `json:"pending"`
}

func newAccountRevoke() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke USER [SESSION]",
		Short: "End a session of an account, or all of them, on all three systems",
		Long: "End a session of an account, or with --all every one, on all three systems. USER is a user name or an\n" +
			"accountId, SESSION is what `accord account sessions` lists. The person can sign in again: `accord account lock`\n" +
			"keeps one out.",
		Args: namedArgs,
	}
	flags := newAccountFlags(cmd)
	all := cmd.Flags().Bool("all", false, "end every session")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *all == (len(args) == 2) {
			return errors.New("say either a SESSION or --all")
		}
		return operate(cmd, flags, args[0], func(ctx context.Context, o operation) error {
			if *all {
				return o.revokeAll(ctx)
			}
			return o.revoke(ctx, args[1])
		})
	}
	return cmd
}

func (o operation) revoke(ctx context.Context, session string) error {
	receipt, err := o.service.Revoke(ctx, o.account.ID, session)
	if app.KindOf(err) == app.NotFound {
		return fmt.Errorf("%s (%s) has no live session %q; `accord account sessions` lists them", o.account.Username, o.account.ID, session)
	}
	if err != nil && receipt.Pending == nil {
		return notDone(o.account, "revoked", receipt, err)
	}
	return o.tellRevoked([]string{session}, pendingOf(session, receipt))
}

func (o operation) revokeAll(ctx context.Context) error {
	var ended, pending []string
	err := o.service.RevokeAll(ctx, o.account.ID, func(s app.Session, receipt saga.Receipt) {
		ended, pending = append(ended, s.ID), append(pending, pendingOf(s.ID, receipt)...)
	})
	told := o.tellRevoked(ended, pending)
	if err != nil && len(pending) == 0 {
		told = errors.Join(told, notDone(o.account, "all revoked", saga.Receipt{}, err))
	}
	return told
}

func pendingOf(session string, receipt saga.Receipt) []string {
	if receipt.Pending == nil {
		return nil
	}
	return []string{session}
}

func (o operation) tellRevoked(ended, pending []string) error {
	if o.asJSON {
		return printIndented(o.out, revokedView{AccountID: o.account.ID, Sessions: listed(ended), Pending: listed(pending)})
	}
	_, err := fmt.Fprintf(o.out, "%s of %s (%s) ended\n", counted(len(ended), "session"), o.account.Username, o.account.ID)
	if err == nil && len(pending) > 0 {
		_, err = fmt.Fprintf(o.out, "of %d a token on Gitea or the storage still lives; it ends while `accord serve` runs\n", len(pending))
	}
	return err
}
