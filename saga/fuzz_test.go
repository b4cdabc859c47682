package saga_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
)

// FuzzRecovery has a runner recover whatever record is in the journal. What the
// flow cannot have written is stuck, untouched; anything else comes to an end,
// and nothing secret is told of either.
func FuzzRecovery(f *testing.F) {
	const state = `{"Secret":"` + secret + `","Notes":{"a":1}}`
	for _, phase := range []string{"running", "unwinding", "settling", "completing", "lingering", "committed", "Running", ""} {
		for _, steps := range []string{
			`null`, `{"reserve":"done","a":"done","b":"started"}`, `{"reserve":"done","a":"unknown","b":"refused","pivot":"started"}`,
			`{"reserve":"done","a":"done","b":"done","pivot":"done","mail":"unknown"}`, `{"reserve":"undone","a":"undone-unsettled"}`,
			`{"reserve":"dnoe"}`, `{"another":"done"}`, `{"pivot":"done-unsettled","mail":""}`,
		} {
			f.Add(phase, []byte(steps), []byte(state), 0, true)
		}
	}
	for _, damaged := range []string{"", "{", `{"Secret":7}`, `{"Notes":{"` + secret + `":"x"}}`, "null", "[]"} {
		f.Add("running", []byte(`{"a":"started"}`), []byte(damaged), 3, false)
	}
	f.Add("completing", []byte(`{}`), []byte(state), -7, false)
	f.Add("unwinding", []byte(`{"a":"done"}`), []byte(state), 1<<62, true)

	f.Fuzz(func(t *testing.T, phase string, steps, state []byte, attempts int, exclusive bool) {
		l := newLab(t, saga.Options{})
		l.bind(l.r, l.register())
		r := saga.Record{
			ID: "s", Flow: "flow", Subject: "subject", Phase: saga.Phase(phase), State: state, Exclusive: exclusive, Attempts: attempts,
			Epoch: 1, Owner: "gone", Due: l.now(), CreatedAt: l.now(), UpdatedAt: l.now(),
		}
		if json.Unmarshal(steps, &r.Steps) != nil {
			return // the store tells
		}
		require.NoError(t, l.journal.Begin(t.Context(), func(context.Context) (saga.Write, error) { return saga.Write{Record: r}, nil }))
		if r.Phase.Ended() {
			require.Zero(t, l.tick(l.r))
			return
		}
		now := r
		for range 40 {
			l.clock.Advance(time.Minute)
			l.tick(l.r)
			if now = l.load("s"); now.Stuck || now.Phase.Ended() {
				break
			}
		}
		if readable(r) && attempts < 19 {
			require.True(t, now.Phase.Ended(), "%+v", now)
			require.Empty(t, now.State)
		} else {
			require.True(t, now.Stuck, "%+v", now)
			require.Empty(t, l.took())
			require.Equal(t, []any{r.Phase, r.Steps, r.State}, []any{now.Phase, now.Steps, now.State})
		}
		require.NotContains(t, l.logs.String()+now.Reason, secret)
	})
}

// readable reports whether the flow may have written the record.
func readable(r saga.Record) bool {
	var o order
	known := json.Unmarshal(r.State, &o) == nil &&
		slices.Contains([]saga.Phase{saga.Running, saga.Unwinding, saga.Settling, saga.Completing, saga.Lingering}, r.Phase)
	for name, status := range r.Steps {
		known = known && slices.Contains([]string{"reserve", "a", "b", "pivot", "mail"}, name) && slices.Contains([]saga.StepStatus{
			saga.Started, saga.Done, saga.DoneUnsettled, saga.RefusedStep, saga.Unknown, saga.Undone, saga.UndoneUnsettled,
		}, status)
	}
	return known
}
