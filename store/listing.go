package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"

	"github.com/jmoiron/sqlx"

	"accord/app"
)

// listings implements app.Listings.
type listings struct {
	db   *database
	seal sealing
}

var (
	selectAccountPage = selectAccount + "status IN (?) AND id > ? ORDER BY id LIMIT ?"
	selectSession     = "SELECT " + columns(sessionColumns, "%") + " FROM sessions WHERE account_id = ? AND closed_at = 0 AND opened_at > 0 AND "
	selectOldest      = "SELECT * FROM (" + selectSession + "expires_at > ? ORDER BY opened_at DESC, id DESC LIMIT ? OFFSET ?) AS excess ORDER BY opened_at, id LIMIT ?"
	selectSessionPage = selectSession + "expires_at > ? AND id > ? ORDER BY id LIMIT ?"
)

// PageOfAccounts reads on for accounts that cannot be opened, so that a short
// page is the last one.
func (l *listings) PageOfAccounts(ctx context.Context, statuses []app.Status, after string, limit int) ([]app.Account, error) {
	const op = "list accounts"
	var page []app.Account
	for len(page) < limit {
		query, args, err := sqlx.In(selectAccountPage, statuses, after, limit-len(page))
		if err != nil {
			return nil, during(op, err)
		}
		var rows []accountRow
		if err := l.db.many(ctx, &rows, query, args...); err != nil {
			return nil, during(op, err)
		}
		whole := len(rows) == limit-len(page)
		page = append(page, openAll(ctx, l.db, l.seal, "an account cannot be read", rows)...)
		if !whole {
			break
		}
		after = rows[len(rows)-1].ID
	}
	return page, nil
}

func (l *listings) PageOfSessions(ctx context.Context, accountID string, now time.Time, after string, limit int) ([]app.Session, error) {
	var rows []sessionRow
	if err := l.db.many(ctx, &rows, selectSessionPage, accountID, microsOf(now), after, limit); err != nil {
		return nil, during("list sessions", err)
	}
	return sessionsOf(rows), nil
}

func (l *listings) OldestSessions(ctx context.Context, accountID string, now time.Time, keep, limit int) ([]app.Session, error) {
	var rows []sessionRow
	if err := l.db.many(ctx, &rows, selectOldest, accountID, microsOf(now), math.MaxInt64, keep, limit); err != nil {
		return nil, during("list the oldest sessions", err)
	}
	return sessionsOf(rows), nil
}

func (l *listings) OpenSession(ctx context.Context, accountID, id string) (app.Session, error) {
	const op = "find session"
	var row sessionRow
	err := l.db.one(ctx, &row, selectSession+"id = ?", accountID, id)
	if errors.Is(err, sql.ErrNoRows) {
		err = unknown(op)
	}
	return row.session(), during(op, err)
}

func (l *listings) UnclosedOf(ctx context.Context, accountID string) (map[string]string, error) {
	var rows []struct {
		ID       string `db:"id"`
		TokenEnd string `db:"gitea_token_end"`
	}
	err := l.db.many(ctx, &rows, "SELECT id, gitea_token_end FROM sessions WHERE account_id = ? AND closed_at = 0", accountID)
	if err != nil {
		return nil, during("look for sessions of an account", err)
	}
	ends := make(map[string]string, len(rows))
	for _, row := range rows {
		ends[row.ID] = row.TokenEnd
	}
	return ends, nil
}
