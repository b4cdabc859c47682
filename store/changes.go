package store

import (
	"context"
	"time"

	"accord/app"
)

// changeable is the condition of an account that may be changed: a tombstone, or
// a registration that was undone, must not come by data again.
const changeable = "status NOT IN ('" + string(app.Deleted) + "', '" + string(app.Abandoned) + "')"

func (s *accounts) SetProfile(ctx context.Context, id string, p app.Profile, at time.Time) (app.Profile, error) {
	const op = "set profile"
	var old profileRow
	err := s.db.atomically(ctx, op, func(ctx context.Context) error {
		err := s.db.one(ctx, &old, "SELECT nickname, avatar_url, description, website, location FROM accounts WHERE id = ? AND "+
			changeable+s.db.dialect.lock, id)
		if err != nil {
			return inPlaceOfNone(err, unknown(op))
		}
		_, err = s.db.exec(ctx, `UPDATE accounts
			SET nickname = ?, nickname_key = ?, avatar_url = ?, description = ?, website = ?, location = ?, updated_at = ? WHERE id = ?`,
			p.Nickname, app.FoldKey(p.Nickname), p.AvatarURL, p.Description, p.Website, p.Location, microsOf(at), id)
		return err
	})
	if err != nil {
		return app.Profile{}, err
	}
	return app.Profile(old), nil
}

func (s *accounts) SetPassword(ctx context.Context, id string, hash app.Secret, keep string, at time.Time) ([]app.Session, error) {
	const op = "set password"
	var closed []app.Session
	err := s.db.atomically(ctx, op, func(ctx context.Context) error {
		n, err := s.db.exec(ctx, `UPDATE accounts
			SET password_hash = ?, gitea_password = ?, credential_epoch = credential_epoch + 1, updated_at = ? WHERE id = ? AND `+changeable,
			hash.Reveal(), app.SamePassword, microsOf(at), id)
		if err := unlessMatched(n, err, unknown(op)); err != nil {
			return err
		}
		if closed, err = s.db.closeSessions(ctx, id, keep, at); err != nil {
			return err
		}
		_, err = s.db.exec(ctx, `UPDATE sessions
			SET credential_epoch = (SELECT credential_epoch FROM accounts WHERE id = ?)
			WHERE id = ? AND account_id = ? AND closed_at = 0`, id, keep, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return closed, nil
}

func (s *accounts) SetMobile(ctx context.Context, id, country, mobile string, at time.Time) error {
	const op = "set mobile"
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		n, err := s.db.exec(ctx, `UPDATE accounts
			SET country = ?, mobile = ?, mobile_key = ?, mobile_held = 0, updated_at = ? WHERE id = ? AND `+changeable,
			country, mobile, mobileKey(country, mobile), microsOf(at), id)
		return unlessMatched(n, inPlaceOf(err, &app.Error{Kind: app.MobileTaken, Op: op}), unknown(op))
	})
}
