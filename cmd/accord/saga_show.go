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

// eventView is one line of a saga's timeline.
type eventView struct {
	At    time.Time  `json:"at"`
	Event saga.Event `json:"event"`
	Step  string     `json:"step"`
	// Attempt counts the tries of the step, and of its compensation; 0 for events
	// that are no try.
	Attempt int `json:"attempt"`
	// TookMS is how long the step's first try took, in milliseconds, from the
	// journal's mark that it starts to the one that it ended; 0 where not known.
	TookMS float64 `json:"tookMs"`
	Cause  string  `json:"cause"`
	Epoch  int64   `json:"epoch"`
}

// sagaTimeline is a saga with its history.
type sagaTimeline struct {
	sagaView
	Steps   map[string]saga.StepStatus `json:"steps"`
	History []eventView                `json:"history"`
}

func newSagaShow() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show SAGA",
		Short: "Show where a saga stands and how it came there",
		Long: "Show where a saga stands and how it came there: its steps with tries, times and causes.\n" +
			"SAGA is its id, from X-Accord-Saga, a log line or `accord saga list`. Its state, which may hold secrets, is never read.",
		Args: namedArgs,
	}
	path := configFlag(cmd)
	output := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asJSON, err := output()
		if err != nil {
			return err
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		view, err := sagaTimelineOf(cmd.Context(), c, args[0])
		if err != nil {
			return err
		}
		if asJSON {
			encoder := json.NewEncoder(cmd.OutOrStdout())
			encoder.SetIndent("", "  ")
			return encoder.Encode(view)
		}
		return view.print(cmd.OutOrStdout())
	}
	return cmd
}

func sagaTimelineOf(ctx context.Context, c config.Config, id string) (view sagaTimeline, err error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return view, err
	}
	err = withStore(ctx, c, func(s *store.Store) error {
		record, err := s.Archive.Find(ctx, id)
		if err != nil {
			return noSaga(id, err)
		}
		entries, err := s.Archive.Entries(ctx, id)
		view = sagaTimeline{viewOfSaga(record, zone), record.Steps, timeline(entries, zone)}
		return err
	})
	return view, err
}

// noSaga says what an unknown id may be.
func noSaga(id string, err error) error {
	if errors.Is(err, saga.ErrNotFound) {
		return fmt.Errorf("no saga %q: it never began, so that nothing was changed, or it ended long ago and was cleared up", id)
	}
	return err
}

// timeline counts tries and measures the first of each step.
func timeline(entries []saga.Entry, zone *time.Location) []eventView {
	views := make([]eventView, len(entries))
	tries, started := map[string]int{}, map[string]time.Time{}
	for i, e := range entries {
		v := eventView{At: e.At.In(zone), Event: e.Event, Step: e.Step, Cause: e.Cause, Epoch: e.Epoch}
		switch e.Event {
		case saga.EventStarted:
			started[e.Step] = e.At
		case saga.EventDone, saga.EventPivot, saga.EventRefused, saga.EventUnknown:
			tries[e.Step]++
			v.Attempt = tries[e.Step]
			if began, known := started[e.Step]; known {
				v.TookMS = float64(e.At.Sub(began).Microseconds()) / 1000
				delete(started, e.Step)
			}
		case saga.EventUndone, saga.EventUndoFault:
			tries["undo "+e.Step]++
			v.Attempt = tries["undo "+e.Step]
		}
		views[i] = v
	}
	return views
}

func (v sagaTimeline) print(w io.Writer) error {
	due := "-"
	if !v.Due.IsZero() {
		due = v.Due.Format(shownTime)
	}
	t := newTable(w)
	for _, row := range [][2]string{
		{"saga", v.ID},
		{"flow", v.Flow},
		{"account", v.AccountID},
		{"phase", v.standing()},
		{"reason", v.Reason},
		{"asked by", by(v.Actor, v.Channel)},
		{"request", v.Request},
		{"began", v.CreatedAt.Format(shownTime)},
		{"changed", v.UpdatedAt.Format(shownTime)},
		{"goes on", due},
		{"held by", v.Owner},
	} {
		t.AppendRow([]any{row[0], orDash(row[1])})
	}
	t.Render()
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	t = newTable(w, "time", "after", "event", "step", "try", "took", "cause")
	for _, e := range v.History {
		try, took := "", ""
		if e.Attempt > 0 {
			try = fmt.Sprint(e.Attempt)
		}
		if e.TookMS > 0 {
			took = time.Duration(e.TookMS * float64(time.Millisecond)).String()
		}
		after := e.At.Sub(v.CreatedAt).Round(time.Millisecond).String()
		t.AppendRow([]any{e.At.Format(shownStep), after, string(e.Event), orDash(e.Step), try, took, plainText(e.Cause)})
	}
	t.Render()
	if v.Stuck {
		_, err := fmt.Fprintf(w, "\nit waits for an operator: accord saga retry %s, or skip, or resolve\n", v.ID)
		return err
	}
	return nil
}
