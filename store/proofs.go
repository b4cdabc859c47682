package store

import (
	"context"
	"time"

	"accord/app"
)

// proofs implements app.Proofs. A proof that was used up is a row that is gone.
type proofs struct{ db *database }

func (p *proofs) Put(ctx context.Context, name string, ends, now time.Time) error {
	return p.db.atomically(ctx, "keep a proof", func(ctx context.Context) error {
		if err := p.keep(ctx, name, ends); err != nil {
			return err
		}
		return p.db.prune(ctx, "proofs", "ends_at", microsOf(now))
	})
}

func (p *proofs) keep(ctx context.Context, name string, ends time.Time) error {
	_, err := p.db.exec(ctx, "INSERT INTO proofs (name, ends_at) VALUES (?, ?)"+
		p.db.dialect.orElse+"ends_at = CASE WHEN ends_at < ? THEN ? ELSE ends_at END",
		name, microsOf(ends), microsOf(ends), microsOf(ends))
	return err
}

func (p *proofs) Has(ctx context.Context, name string, now time.Time) (bool, error) {
	var found int
	err := p.db.one(ctx, &found, "SELECT COUNT(*) FROM proofs WHERE name = ? AND ends_at > ?", name, microsOf(now))
	return found > 0, during("look at a proof", err)
}

func (p *proofs) Consume(ctx context.Context, name string, now time.Time) (app.ProofRef, error) {
	var ref app.ProofRef
	err := p.db.atomically(ctx, "use a proof up", func(ctx context.Context) error {
		ref = app.ProofRef{}
		var ends micros
		err := p.db.one(ctx, &ends, "SELECT ends_at FROM proofs WHERE name = ? AND ends_at > ?"+p.db.dialect.lock, name, microsOf(now))
		if err != nil {
			return inPlaceOfNone(err, nil)
		}
		n, err := p.db.exec(ctx, "DELETE FROM proofs WHERE name = ?", name)
		if err == nil && n > 0 {
			ref = app.ProofRef{Name: name, Ends: ends.time()}
		}
		return err
	})
	return ref, err
}

func (p *proofs) ConsumeOneOf(ctx context.Context, group string, now time.Time) (app.ProofRef, error) {
	const after = "$" // the character that follows app.ProofMark
	var ref app.ProofRef
	err := p.db.atomically(ctx, "use a proof of a group up", func(ctx context.Context) error {
		ref = app.ProofRef{}
		var row struct {
			Name string `db:"name"`
			Ends micros `db:"ends_at"`
		}
		err := p.db.one(ctx, &row, "SELECT name, ends_at FROM proofs WHERE name >= ? AND name < ? AND ends_at > ?"+
			" ORDER BY ends_at, name LIMIT 1"+p.db.dialect.lock, group+app.ProofMark, group+after, microsOf(now))
		if err != nil {
			return inPlaceOfNone(err, nil)
		}
		n, err := p.db.exec(ctx, "DELETE FROM proofs WHERE name = ?", row.Name)
		if err == nil && n > 0 {
			ref = app.ProofRef{Name: row.Name, Ends: row.Ends.time()}
		}
		return err
	})
	return ref, err
}

func (p *proofs) GiveBack(ctx context.Context, ref app.ProofRef) error {
	if ref == (app.ProofRef{}) {
		return nil
	}
	return p.db.atomically(ctx, "give a proof back", func(ctx context.Context) error {
		return p.keep(ctx, ref.Name, ref.Ends)
	})
}
