package main

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// A command waits for an account longer than a request does, says so once, and
// comes before the account's own user.
func TestCommandsWaitForAnAccount(t *testing.T) {
	journal := sagatest.NewJournal()
	runner := saga.NewRunner(journal, saga.Options{Answer: 20 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	d := saga.Sequence("change", saga.One(saga.Step[struct{}]{
		Name: "change", Kind: saga.Pivot, Local: true, Do: func(context.Context, *struct{}) error { return nil },
	}))
	d.Exclusive = true
	flow, err := saga.Bind(runner, d)
	require.NoError(t, err)
	held := saga.Record{ID: "held", Flow: "change", Subject: "a", Exclusive: true, Phase: saga.Running, Epoch: 1, Due: time.Now().Add(time.Hour)}
	require.NoError(t, journal.Begin(t.Context(), writes(&held)))

	var said bytes.Buffer
	looks := 0
	now := func() time.Time { // a second passes with each look
		if looks++; looks == 3 {
			held.Phase = saga.Committed
			if err := journal.Append(t.Context(), "held", 1, writes(&held)); err != nil {
				t.Error(err)
			}
		}
		return time.Unix(int64(looks), 0)
	}
	_, _, err = flow.Execute(waitingLong(byOperator(t.Context()), &said, now), "a", struct{}{})
	require.NoError(t, err)
	require.Equal(t, "waiting for another change of the account to end, for 1m0s at most\n", said.String())
	require.Equal(t, 3, looks)
	require.Equal(t, app.Operator, saga.OriginOf(byOperator(t.Context())).Actor)
}

func writes(r *saga.Record) saga.WriteFunc {
	return func(context.Context) (saga.Write, error) { return saga.Write{Record: *r}, nil }
}
