package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"accord/adapters/keyring"
	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/saga"
	"accord/store"
)

func newSaga() *cobra.Command {
	return newGroup("saga", "Look at sagas, and decide about those that are stuck",
		newSagaList(), newSagaShow(), newSagaRetry(), newSagaSkip(), newSagaResolve())
}

// withStore works on the database that a configuration names, which must be
// migrated.
func withStore(ctx context.Context, c config.Config, work func(*store.Store) error) (err error) {
	ring, err := keyring.Load(c.Keys.File)
	if err != nil {
		return err
	}
	s, err := openStore(ctx, c, ring, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := s.CheckSchema(ctx); err != nil {
		return err
	}
	return work(s)
}

// lookAt finds a saga.
func lookAt(ctx context.Context, c config.Config, id string) (record saga.Record, err error) {
	err = withStore(ctx, c, func(s *store.Store) error {
		record, err = s.Archive.Find(ctx, id)
		return noSaga(id, err)
	})
	return record, err
}

// outputFlag gives a command the flag that says how it prints.
func outputFlag(cmd *cobra.Command) func() (asJSON bool, err error) {
	output := cmd.Flags().String("output", "table", "table or json")
	return func() (bool, error) {
		if *output != "table" && *output != "json" {
			return false, fmt.Errorf("--output is %q: it is table or json", *output)
		}
		return *output == "json", nil
	}
}

// newTable makes a table in the house's plain style, without borders.
func newTable(w io.Writer, header ...any) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	t.SetStyle(style)
	t.AppendHeader(header)
	t.SuppressTrailingSpaces()
	return t
}

// orDash is a text, or what stands for none.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return plainText(text)
}

// sagaView is what an operator sees of a saga: no state.
type sagaView struct {
	ID        string     `json:"id"`
	Flow      string     `json:"flow"`
	AccountID string     `json:"accountId"`
	Phase     saga.Phase `json:"phase"`
	Stuck     bool       `json:"stuck"`
	Attempts  int        `json:"attempts"`
	Reason    string     `json:"reason"`
	Actor     string     `json:"actor"`
	Channel   string     `json:"channel"`
	Request   string     `json:"request"`
	// Owner is the runner that has it now; Due is when it goes on, or when the
	// owner's lease ends.
	Owner     string    `json:"owner"`
	Due       time.Time `json:"due,omitzero"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

func viewOfSaga(r saga.Record, zone *time.Location) sagaView {
	v := sagaView{
		ID: r.ID, Flow: r.Flow, AccountID: app.AccountOfSaga(r), Phase: r.Phase, Stuck: r.Stuck, Attempts: r.Attempts, Reason: r.Reason,
		Actor: r.Origin.Actor, Channel: r.Origin.Channel, Request: r.Origin.Request, Owner: r.Owner,
		CreatedAt: r.CreatedAt.In(zone), UpdatedAt: r.UpdatedAt.In(zone),
	}
	if !r.Due.IsZero() {
		v.Due = r.Due.In(zone)
	}
	return v
}

// standing is a saga's phase as tables show it.
func (v sagaView) standing() string {
	if v.Stuck {
		return "STUCK " + string(v.Phase)
	}
	return string(v.Phase)
}
