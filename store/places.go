package store

import (
	"context"
	"time"

	"accord/app"
)

// places implements app.Places.
type places struct{ db *database }

// placeRenew is how much of its time a place may have lost before a sign-in
// there renews it: most sign-ins write nothing.
const placeRenew = 24 * time.Hour

func (p *places) Visit(ctx context.Context, accountID string, at app.Place, now time.Time) (strange bool, err error) {
	const op = "note where a sign-in came from"
	network, device := at.Network(), at.Device()
	ends := microsOf(now.Add(app.PlaceLifetime))
	var found []struct {
		Here int    `db:"here"`
		Ends micros `db:"ends_at"`
	}
	const look = `SELECT CASE WHEN network = ? AND device = ? THEN 1 ELSE 0 END AS here, ends_at FROM places
		WHERE account_id = ? AND ends_at > ? ORDER BY 1 DESC LIMIT 1`
	if err := p.db.many(ctx, &found, look, network, device, accountID, microsOf(now)); err != nil {
		return false, during(op, err)
	}
	known := len(found) == 1 && found[0].Here == 1
	if known && found[0].Ends > ends-micros(placeRenew.Microseconds()) {
		return false, nil
	}
	err = p.db.atomically(ctx, op, func(ctx context.Context) error {
		_, err := p.db.exec(ctx, "INSERT INTO places (account_id, network, device, ends_at) VALUES (?, ?, ?, ?)"+
			p.db.dialect.orElse+"ends_at = CASE WHEN ends_at < ? THEN ? ELSE ends_at END", accountID, network, device, ends, ends, ends)
		if err != nil {
			return err
		}
		return p.db.prune(ctx, "places", "ends_at", microsOf(now))
	})
	return !known && len(found) == 1, err
}

func (p *places) Visited(ctx context.Context, accountID string, at app.Place, now time.Time) (bool, error) {
	query, args := "SELECT account_id FROM places WHERE network = ? AND ends_at > ?", []any{at.Network(), microsOf(now)}
	if accountID != "" {
		query, args = query+" AND account_id = ?", append(args, accountID)
	}
	var found []string
	err := p.db.many(ctx, &found, query+" LIMIT 1", args...)
	return len(found) > 0, during("look where an account signed in from", err)
}
