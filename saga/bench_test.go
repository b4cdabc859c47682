package saga_test

import (
	"context"
	"log/slog"
	"testing"

	"accord/saga"
	"accord/saga/sagatest"
)

// BenchmarkExecute is a saga of three steps over a journal in memory: what the
// engine itself costs.
func BenchmarkExecute(b *testing.B) {
	do := func(context.Context, *order) error { return nil }
	d := sequence(
		saga.Step[order]{Name: "a", Kind: saga.Compensable, Local: true, Do: do, Undo: do},
		saga.Step[order]{Name: "b", Kind: saga.Compensable, Do: do, Undo: do},
		saga.Step[order]{Name: "pivot", Kind: saga.Pivot, Local: true, Do: do},
	)
	r := saga.NewRunner(sagatest.NewJournal(), saga.Options{Logger: slog.New(slog.DiscardHandler)})
	f, err := saga.Bind(r, d)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := f.Execute(b.Context(), "subject", order{Secret: secret}); err != nil {
			b.Fatal(err)
		}
	}
}
