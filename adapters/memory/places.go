package memory

import (
	"context"
	"time"

	"accord/app"
)

// places implements app.Places: when each place ends.
type places struct{ db *tables }

type placeKey struct{ account, network, device string }

func (p *places) Visit(ctx context.Context, accountID string, at app.Place, now time.Time) (strange bool, err error) {
	err = p.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		key, others := placeKey{accountID, at.Network(), at.Device()}, false
		for k, ends := range p.db.places {
			others = others || k.account == accountID && ends.After(kept(now))
		}
		strange = others && !p.db.places[key].After(kept(now))
		put(tx, p.db.places, key, kept(now.Add(app.PlaceLifetime)))
		return nil
	})
	return strange, err
}

func (p *places) Visited(ctx context.Context, accountID string, at app.Place, now time.Time) (visited bool, err error) {
	err = p.db.atomically(ctx, func(context.Context, *transaction) error {
		for k, ends := range p.db.places {
			visited = visited || (accountID == "" || k.account == accountID) && k.network == at.Network() && ends.After(kept(now))
		}
		return nil
	})
	return visited, err
}

func (db *tables) dropPlaces(tx *transaction, accountID string) {
	for key := range db.places {
		if key.account == accountID {
			drop(tx, db.places, key)
		}
	}
}
