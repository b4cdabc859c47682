package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"accord/app"
	"accord/saga"
)

// census implements app.SagaCensus.
type census struct{ db *database }

// CountSagas names the phases, so that the index leads past those that ended,
// which are nearly all.
func (c *census) CountSagas(ctx context.Context) (app.SagaCount, error) {
	const op = "count sagas"
	count := app.SagaCount{Phases: map[saga.Phase]int{}}
	for _, phase := range app.Unended() {
		count.Phases[phase] = 0
	}
	query, args, err := sqlx.In("SELECT phase, COUNT(*) AS n, SUM(stuck) AS stuck FROM sagas WHERE phase IN (?) GROUP BY phase", app.Unended())
	if err != nil {
		return app.SagaCount{}, during(op, err)
	}
	var rows []struct {
		Phase string `db:"phase"`
		N     int    `db:"n"`
		Stuck int    `db:"stuck"`
	}
	if err := c.db.many(ctx, &rows, query, args...); err != nil {
		return app.SagaCount{}, during(op, err)
	}
	for _, r := range rows {
		count.Phases[saga.Phase(r.Phase)] = r.N
		count.Stuck += r.Stuck
	}
	return count, nil
}
