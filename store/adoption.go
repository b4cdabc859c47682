package store

import (
	"context"
	"time"

	"accord/app"
)

// KeepPassword implements app.AccountAdoption. Assignments follow one another in
// MariaDB: what decides is changed last.
func (s *Repairs) KeepPassword(ctx context.Context, id string, epoch int64, hash app.Secret, at time.Time) error {
	const unknownHere = "CASE WHEN credential_epoch = ? AND gitea_password = ? THEN ? ELSE "
	return s.update(ctx, "keep the password of an adopted account", id,
		"updated_at = "+unknownHere+"updated_at END, password_hash = "+unknownHere+"password_hash END, gitea_password = "+
			unknownHere+"gitea_password END",
		epoch, app.TheirPassword, microsOf(at), epoch, app.TheirPassword, hash.Reveal(), epoch, app.TheirPassword, app.SamePassword)
}
