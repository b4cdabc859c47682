package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/saga"
)

// sagaMove is what an operator does about a saga.
type sagaMove struct {
	c      config.Config
	id     string
	reason string
	out    io.Writer
}

// do makes the move and prints what came of it.
func (m sagaMove) do(cmd *cobra.Command, move func(ctx context.Context, d *saga.Desk) (saga.Record, error)) error {
	record, err := m.at(cmd, move)
	if err != nil {
		return err
	}
	return said(m.out, record)
}

// at wires the flows up and returns what the work at the desk returns.
func (m sagaMove) at(cmd *cobra.Command, work func(ctx context.Context, d *saga.Desk) (saga.Record, error)) (record saga.Record, err error) {
	m.c.Log.Level = "error" // the command tells itself what it did
	ctx := byOperator(cmd.Context())
	p, err := wire(ctx, m.c, newLogger(cmd.ErrOrStderr(), m.c.Log))
	if err != nil {
		return record, err
	}
	defer func() { err = errors.Join(err, p.close(ctx)) }()
	record, err = work(ctx, p.runner.Desk(p.store.Archive))
	if errors.Is(err, saga.ErrNotAllowed) {
		return record, fmt.Errorf("saga %s: %s; `accord saga show` tells how it stands", m.id,
			strings.TrimPrefix(err.Error(), saga.ErrNotAllowed.Error()+": "))
	}
	return record, noSaga(m.id, err)
}

// said prints where a move has left a saga.
func said(w io.Writer, r saga.Record) error {
	text := "goes on as soon as an `accord serve` finds it"
	if r.Phase.Ended() {
		text = "has ended"
	}
	_, err := fmt.Fprintf(w, "saga %s (%s of %s) %s: %s\n", r.ID, r.Flow, orDash(app.AccountOfSaga(r)), text, r.Phase)
	return err
}

func newSagaRetry() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "retry SAGA",
		Short: "Let a stuck or waiting saga go on at once",
		Long:  "Let a stuck or waiting saga go on at once, with all its tries again. A running `accord serve` picks it up.",
		Args:  namedArgs,
	}
	path := configFlag(cmd)
	reason := cmd.Flags().String("reason", "", "why, for the saga's history")
	wait := cmd.Flags().Duration("wait", 0, "wait this long for its end; exit 1 where it did not end by then, or is stuck again")
	cmd.Flags().Lookup("wait").NoOptDefVal = "1m"
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		m := sagaMove{c, args[0], *reason, cmd.OutOrStdout()}
		err = m.do(cmd, func(ctx context.Context, d *saga.Desk) (saga.Record, error) { return d.Retry(ctx, m.id, m.reason) })
		if err != nil || *wait == 0 {
			return err
		}
		return m.await(cmd.Context(), *wait)
	}
	return cmd
}

// sagaPoll is how often a saga is looked at that is waited for.
const sagaPoll = 200 * time.Millisecond

// await waits for the end of a saga.
func (m sagaMove) await(ctx context.Context, longest time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	poll := time.NewTicker(sagaPoll)
	defer poll.Stop()
	for {
		record, err := lookAt(ctx, m.c, m.id)
		switch {
		case err == nil && record.Phase.Ended():
			return said(m.out, record)
		case err == nil && record.Stuck:
			return fmt.Errorf("saga %s is stuck again: %s", m.id, plainText(record.Reason))
		case err != nil && ctx.Err() == nil:
			return err
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return fmt.Errorf("saga %s has not ended within %s; does an `accord serve` run? It goes on all the same", m.id, longest)
		}
	}
}

func newSagaSkip() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "skip SAGA STEP",
		Short: "Take a step that blocks a saga as done by hand, or as undone where the saga turns back",
		Long: "Take a step that blocks a saga as done by hand, or as undone where the saga turns back; the rest goes on.\n" +
			"`accord saga show` names the step. The point of no return cannot be skipped: resolve the saga.",
		Args: namedArgs,
	}
	decisive(cmd, "skip", decision{
		check: func(d *saga.Desk, r saga.Record, step, reason string) error { return d.CheckSkip(r, step, reason) },
		move: func(ctx context.Context, d *saga.Desk, id, step, reason string) (saga.Record, error) {
			return d.Skip(ctx, id, step, reason)
		},
	})
	return cmd
}

func newSagaResolve() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "resolve SAGA committed|aborted",
		Short: "End a saga that cannot go on, as having taken place or not",
		Long: "End a saga that cannot go on, as having taken place or not. Nothing more is done or undone for it on any system:\n" +
			"what it left has to be put right by hand first. Its account is free for others again.",
		Args:      namedArgs,
		ValidArgs: []string{string(saga.Committed), string(saga.Aborted)},
	}
	decisive(cmd, "resolve", decision{
		check: func(d *saga.Desk, r saga.Record, to, reason string) error {
			return d.CheckResolve(r, saga.Phase(to), reason)
		},
		move: func(ctx context.Context, d *saga.Desk, id, to, reason string) (saga.Record, error) {
			return d.Resolve(ctx, id, saga.Phase(to), reason)
		},
	})
	return cmd
}

// decision is a move about a saga with one argument, and the check whether it
// is allowed.
type decision struct {
	check func(d *saga.Desk, r saga.Record, arg, reason string) error
	move  func(ctx context.Context, d *saga.Desk, id, arg, reason string) (saga.Record, error)
}

// decisive is a move that takes a reason. One that is allowed is asked about
// before it is made.
func decisive(cmd *cobra.Command, verb string, is decision) {
	path := configFlag(cmd)
	reason := cmd.Flags().String("reason", "", "why, for the saga's history (required)")
	yes := cmd.Flags().Bool("yes", false, "do not ask")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if strings.TrimSpace(*reason) == "" {
			return fmt.Errorf("%s takes a --reason, which is kept in the saga's history", verb)
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		m := sagaMove{c, args[0], *reason, cmd.OutOrStdout()}
		if !*yes {
			record, err := m.at(cmd, func(ctx context.Context, d *saga.Desk) (saga.Record, error) {
				record, err := d.Find(ctx, m.id)
				if err == nil {
					err = is.check(d, record, args[1], m.reason)
				}
				return record, err
			})
			if err == nil {
				err = confirm(cmd.Context(), cmd, fmt.Sprintf("saga %s, %s of %s, is %s: %s\n%s %s?",
					record.ID, record.Flow, orDash(app.AccountOfSaga(record)), viewOfSaga(record, time.UTC).standing(), orDash(record.Reason), verb, args[1]))
			}
			if err != nil {
				return err
			}
		}
		return m.do(cmd, func(ctx context.Context, d *saga.Desk) (saga.Record, error) {
			return is.move(ctx, d, m.id, args[1], m.reason)
		})
	}
}
