package memory

import (
	"context"
	"time"

	"accord/app"
)

// ownership implements app.Ownership.
type ownership struct{ db *tables }

func (o *ownership) Disown(ctx context.Context, id string, at time.Time) (closed []app.Session, err error) {
	err = (&accounts{o.db}).changeLiving(ctx, "disown account", id, func(a *app.Account, tx *transaction) error {
		drop(tx, o.db.mobiles, mobileKey(a.Country, a.Mobile))
		a.PasswordHash, a.GiteaPassword, a.Country, a.Mobile, a.UpdatedAt = "", app.RandomPassword, "", "", kept(at)
		a.MobileHeld = false
		a.CredentialEpoch++
		closed = o.db.closeSessions(tx, id, "")
		return nil
	})
	return closed, err
}

// DirectoryHealed is that of app.AccountRepairs, which the store does not have whole.
func (s *Store) DirectoryHealed(ctx context.Context, id string, epoch int64, at time.Time) error {
	return (&accounts{s.db}).changeLiving(ctx, "note that Gitea has the password", id, func(a *app.Account, _ *transaction) error {
		if a.CredentialEpoch == epoch {
			a.GiteaPassword = app.SamePassword
		}
		a.UpdatedAt = kept(at)
		return nil
	})
}
