package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/jmoiron/sqlx"
)

// Bounds of running a transaction again.
const (
	retryTries   = 12
	retryFirst   = 5 * time.Millisecond
	retryLongest = 250 * time.Millisecond
	retryElapsed = 10 * time.Second
)

// transaction is one that a context carries. It serves one goroutine at a time.
type transaction struct {
	tx *sqlx.Tx
	// broken is the transient fault that ended it. MySQL rolls back at a
	// deadlock and would run what follows outside of any transaction, so after
	// one nothing is sent.
	broken error
}

// carried is the context key of a database's transaction. Its value is unique
// to the database, so that two stores never mix theirs up.
type carried struct{ db *database }

func (db *database) in(ctx context.Context) *transaction {
	t, _ := ctx.Value(carried{db}).(*transaction)
	return t
}

// atomically runs fn in a transaction, which it commits where fn returns nil
// and rolls back otherwise. Inside a transaction that ctx carries it just runs
// fn. Otherwise fn is called again where the transaction met a transient fault;
// fn's other errors are returned as they are.
func (db *database) atomically(ctx context.Context, op string, fn func(ctx context.Context) error) error {
	if db.in(ctx) != nil {
		return during(op, fn(ctx))
	}
	return during(op, db.retry(ctx, op, func() error { return db.once(ctx, fn) }))
}

func (db *database) once(ctx context.Context, fn func(ctx context.Context) error) error {
	tx, err := db.write.BeginTxx(ctx, nil)
	if err != nil {
		return faultOf(ctx, err)
	}
	defer tx.Rollback() //nolint:errcheck // the first error is the one to tell; after a commit it does nothing
	t := &transaction{tx: tx}
	err = fn(context.WithValue(ctx, carried{db}, t))
	switch {
	case t.broken != nil: // whatever fn made of it
		return t.broken
	case err != nil:
		return err
	}
	return faultOf(ctx, tx.Commit())
}

// retry runs try until it succeeds or its error is not transient, within bounds.
func (db *database) retry(ctx context.Context, op string, try func() error) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = retryFirst, retryLongest
	_, err := backoff.Retry(ctx,
		func() (struct{}, error) {
			err := try()
			if err != nil && !isTransient(err) {
				err = backoff.Permanent(err)
			}
			return struct{}{}, err
		},
		backoff.WithBackOff(pause), backoff.WithMaxTries(retryTries), backoff.WithMaxElapsedTime(retryElapsed),
		backoff.WithNotify(func(err error, pause time.Duration) {
			db.log.DebugContext(ctx, "database transaction is tried again", "op", op, "error", err, "pause", pause)
		}),
	)
	return err
}

// exec runs a statement that writes. It returns how many rows matched. Only
// inside atomically.
func (db *database) exec(ctx context.Context, query string, args ...any) (int64, error) {
	return db.tell(ctx, func(t *transaction) (int64, error) {
		result, err := t.tx.ExecContext(ctx, query, args...)
		if err != nil {
			return 0, err
		}
		return result.RowsAffected()
	})
}

// alone runs one statement that writes: in the transaction that ctx carries, or
// else by itself, again where it met a transient fault.
func (db *database) alone(ctx context.Context, op, query string, args ...any) error {
	if db.in(ctx) != nil {
		_, err := db.exec(ctx, query, args...)
		return err
	}
	return db.retry(ctx, op, func() error {
		_, err := db.write.ExecContext(ctx, query, args...)
		return faultOf(ctx, err)
	})
}

// named runs an INSERT or UPDATE with :names for one row, or an INSERT for a
// slice of them, in one statement. Only inside atomically.
func (db *database) named(ctx context.Context, query string, rows any) (int64, error) {
	return db.tell(ctx, func(t *transaction) (int64, error) {
		result, err := t.tx.NamedExecContext(ctx, query, rows)
		if err != nil {
			return 0, err
		}
		return result.RowsAffected()
	})
}

func (db *database) tell(ctx context.Context, do func(t *transaction) (int64, error)) (int64, error) {
	t := db.in(ctx)
	if t.broken != nil {
		return 0, t.broken
	}
	n, err := do(t)
	return n, t.note(faultOf(ctx, err))
}

// again ends the transaction for a reason that another try may not meet.
func (db *database) again(ctx context.Context, reason string) error {
	return db.in(ctx).note(&fault{text: reason, transient: true})
}

// one reads a single row into dest, or returns sql.ErrNoRows; many reads all
// into a slice. Inside a transaction they are part of it.
func (db *database) one(ctx context.Context, dest any, query string, args ...any) error {
	return db.ask(ctx, func(q sqlx.QueryerContext) error { return sqlx.GetContext(ctx, q, dest, query, args...) })
}

func (db *database) many(ctx context.Context, dest any, query string, args ...any) error {
	return db.ask(ctx, func(q sqlx.QueryerContext) error { return sqlx.SelectContext(ctx, q, dest, query, args...) })
}

func (db *database) ask(ctx context.Context, do func(q sqlx.QueryerContext) error) error {
	t := db.in(ctx)
	switch {
	case t == nil:
		return faultOf(ctx, do(db.read))
	case t.broken != nil:
		return t.broken
	}
	return t.note(faultOf(ctx, do(t.tx)))
}

func (t *transaction) note(err error) error {
	if isTransient(err) {
		t.broken = err
	}
	return err
}

// inPlaceOfNone gives a row that is not there its meaning.
func inPlaceOfNone(err, meaning error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return meaning
	}
	return err
}

// unlessMatched gives a statement that matched no row its meaning.
func unlessMatched(n int64, err, meaning error) error {
	if err == nil && n == 0 {
		return meaning
	}
	return err
}
