package store

import (
	"context"
	"time"

	"accord/app"
)

// ownership implements app.Ownership.
type ownership struct{ db *database }

func (o *ownership) Disown(ctx context.Context, id string, at time.Time) ([]app.Session, error) {
	const op = "disown account"
	var closed []app.Session
	err := o.db.atomically(ctx, op, func(ctx context.Context) error {
		n, err := o.db.exec(ctx, `UPDATE accounts
			SET password_hash = '', gitea_password = ?, country = '', mobile = '', mobile_key = NULL, mobile_held = 0,
				credential_epoch = credential_epoch + 1, updated_at = ?
			WHERE id = ? AND `+changeable, app.RandomPassword, microsOf(at), id)
		if err := unlessMatched(n, err, unknown(op)); err != nil {
			return err
		}
		closed, err = o.db.closeSessions(ctx, id, "", at)
		return err
	})
	if err != nil {
		return nil, err
	}
	return closed, nil
}
