package memory

import (
	"context"
	"strings"
	"time"

	"accord/app"
)

// proofs implements app.Proofs: when each ends, by name. It keeps those that
// have ended.
type proofs struct{ db *tables }

func (p *proofs) Put(ctx context.Context, name string, ends, _ time.Time) error {
	return p.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if ends = kept(ends); p.db.proofs[name].Before(ends) {
			put(tx, p.db.proofs, name, ends)
		}
		return nil
	})
}

func (p *proofs) Has(ctx context.Context, name string, now time.Time) (has bool, err error) {
	err = p.db.atomically(ctx, func(context.Context, *transaction) error {
		has = p.db.proofs[name].After(kept(now))
		return nil
	})
	return has, err
}

func (p *proofs) Consume(ctx context.Context, name string, now time.Time) (ref app.ProofRef, err error) {
	err = p.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if ends := p.db.proofs[name]; ends.After(kept(now)) {
			ref = app.ProofRef{Name: name, Ends: ends}
			drop(tx, p.db.proofs, name)
		}
		return nil
	})
	return ref, err
}

func (p *proofs) ConsumeOneOf(ctx context.Context, group string, now time.Time) (ref app.ProofRef, err error) {
	err = p.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		for name, ends := range p.db.proofs {
			earlier := ref == (app.ProofRef{}) || ends.Before(ref.Ends) || ends.Equal(ref.Ends) && name < ref.Name
			if strings.HasPrefix(name, group+app.ProofMark) && ends.After(kept(now)) && earlier {
				ref = app.ProofRef{Name: name, Ends: ends}
			}
		}
		if ref != (app.ProofRef{}) {
			drop(tx, p.db.proofs, ref.Name)
		}
		return nil
	})
	return ref, err
}

func (p *proofs) GiveBack(ctx context.Context, ref app.ProofRef) error {
	if ref == (app.ProofRef{}) {
		return nil
	}
	return p.Put(ctx, ref.Name, ref.Ends, time.Time{})
}
