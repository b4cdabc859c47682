package memory

import (
	"cmp"
	"context"
	"time"

	"accord/app"
)

// accounts implements app.Accounts.
type accounts struct{ db *tables }

// address is one that an account has, or only reserves.
type address struct {
	account string
	present bool
}

func (s *accounts) Reserve(ctx context.Context, a app.Account) error {
	const op = "reserve account"
	return s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		db := s.db
		_, idUsed := db.accounts[a.ID]
		_, name := db.names[app.FoldKey(a.Username)]
		_, email := db.addresses[app.FoldKey(a.Email)]
		_, mobile := db.mobiles[mobileKey(a.Country, a.Mobile)]
		switch {
		case name:
			return refusal(app.UserTaken, op)
		case email:
			return refusal(app.EmailTaken, op)
		case mobile:
			return refusal(app.MobileTaken, op)
		case idUsed || db.userIDs[a.UserID]:
			return app.ErrIDTaken
		}
		a.Status, a.Role, a.GiteaPassword = app.Reserved, cmp.Or(a.Role, app.User), cmp.Or(a.GiteaPassword, app.SamePassword)
		a.CreatedAt, a.UpdatedAt, a.LeavingUntil = kept(a.CreatedAt), kept(a.UpdatedAt), time.Time{}
		put(tx, db.accounts, a.ID, a)
		put(tx, db.userIDs, a.UserID, true)
		put(tx, db.names, app.FoldKey(a.Username), a.ID)
		put(tx, db.addresses, app.FoldKey(a.Email), address{a.ID, true})
		db.bindMobile(tx, a)
		return nil
	})
}

func (s *accounts) Activate(ctx context.Context, id string, w app.Activation) error {
	return s.change(ctx, "activate account", id, func(a *app.Account, _ *transaction) error {
		if a.Status != app.Reserved && a.Status != app.Normal {
			return refusal(app.NotFound, "activate account")
		}
		a.Status, a.PasswordHash, a.GiteaID = app.Normal, w.PasswordHash, w.GiteaID
		a.StorageKey, a.StorageSecret, a.UpdatedAt = w.StorageKey, w.StorageSecret, kept(w.At)
		return nil
	})
}

func (s *accounts) Abandon(ctx context.Context, id string, at time.Time) error {
	return s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		a, found := s.db.accounts[id]
		switch {
		case !found || a.Status == app.Abandoned:
			return nil
		case a.Status != app.Reserved:
			return refusal(app.Internal, "abandon account")
		}
		s.db.free(tx, a)
		a.Status, a.UpdatedAt = app.Abandoned, kept(at)
		put(tx, s.db.accounts, id, a)
		return nil
	})
}

func (s *accounts) Abandoned(ctx context.Context, id string) (abandoned bool, err error) {
	err = s.db.atomically(ctx, func(context.Context, *transaction) error {
		abandoned = s.db.accounts[id].Status == app.Abandoned
		return nil
	})
	return abandoned, err
}

func (s *accounts) ByUsername(ctx context.Context, username string) (app.Account, error) {
	return s.find(ctx, func() string { return s.db.names[app.FoldKey(username)] })
}

func (s *accounts) ByEmail(ctx context.Context, email string) (app.Account, error) {
	return s.find(ctx, func() string {
		if held := s.db.addresses[app.FoldKey(email)]; held.present {
			return held.account
		}
		return ""
	})
}

func (s *accounts) ByID(ctx context.Context, id string) (app.Account, error) {
	return s.find(ctx, func() string { return id })
}

// ByMobile implements app.Mobiles.
func (s *accounts) ByMobile(ctx context.Context, country, mobile string) (app.Account, error) {
	return s.find(ctx, func() string { return s.db.mobiles[mobileKey(country, mobile)] })
}

func (s *accounts) find(ctx context.Context, key func() string) (a app.Account, err error) {
	err = s.db.atomically(ctx, func(context.Context, *transaction) error {
		var found bool
		if a, found = s.db.accounts[key()]; !found {
			return refusal(app.NotFound, "find account")
		}
		return nil
	})
	return a, err
}

func (s *accounts) StillAt(ctx context.Context, id string, epoch int64) error {
	return s.db.atomically(ctx, func(context.Context, *transaction) error {
		if a := s.db.accounts[id]; a.CredentialEpoch != epoch || !a.MaySignIn() {
			return refusal(app.BadCredentials, "check credentials")
		}
		return nil
	})
}

func (s *accounts) SetProfile(ctx context.Context, id string, p app.Profile, at time.Time) (old app.Profile, err error) {
	err = s.changeLiving(ctx, "set profile", id, func(a *app.Account, _ *transaction) error {
		old, a.Profile, a.UpdatedAt = a.Profile, p, kept(at)
		return nil
	})
	return old, err
}

func (s *accounts) SetPassword(ctx context.Context, id string, hash app.Secret, keep string, at time.Time) (closed []app.Session, err error) {
	err = s.changeLiving(ctx, "set password", id, func(a *app.Account, tx *transaction) error {
		a.PasswordHash, a.UpdatedAt = hash, kept(at)
		a.CredentialEpoch++
		closed = s.db.closeSessions(tx, id, keep)
		if row, found := s.db.sessions[keep]; found && row.AccountID == id && !row.closed {
			row.CredentialEpoch = a.CredentialEpoch
			put(tx, s.db.sessions, keep, row)
		}
		return nil
	})
	return closed, err
}

func (s *accounts) SetMobile(ctx context.Context, id, country, mobile string, at time.Time) error {
	return s.changeLiving(ctx, "set mobile", id, func(a *app.Account, tx *transaction) error {
		if holder, found := s.db.mobiles[mobileKey(country, mobile)]; found && holder != id {
			return refusal(app.MobileTaken, "set mobile")
		}
		drop(tx, s.db.mobiles, mobileKey(a.Country, a.Mobile))
		a.Country, a.Mobile, a.MobileHeld, a.UpdatedAt = country, mobile, false, kept(at)
		s.db.bindMobile(tx, *a)
		return nil
	})
}

// change changes an account in whatever status.
func (s *accounts) change(ctx context.Context, op, id string, do func(*app.Account, *transaction) error) error {
	return s.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		a, found := s.db.accounts[id]
		if !found {
			return refusal(app.NotFound, op)
		}
		if err := do(&a, tx); err != nil {
			return err
		}
		put(tx, s.db.accounts, id, a)
		return nil
	})
}

// changeLiving changes an account that is no tombstone.
func (s *accounts) changeLiving(ctx context.Context, op, id string, do func(*app.Account, *transaction) error) error {
	return s.change(ctx, op, id, func(a *app.Account, tx *transaction) error {
		if gone(*a) {
			return refusal(app.NotFound, op)
		}
		return do(a, tx)
	})
}

// free gives up what an account has that is unique.
func (db *tables) free(tx *transaction, a app.Account) {
	drop(tx, db.names, app.FoldKey(a.Username))
	drop(tx, db.mobiles, mobileKey(a.Country, a.Mobile))
	dropAll(tx, db.addresses, func(held address) bool { return held.account == a.ID })
}

func (db *tables) bindMobile(tx *transaction, a app.Account) {
	if a.Mobile != "" {
		put(tx, db.mobiles, mobileKey(a.Country, a.Mobile), a.ID)
	}
}

// mobileKey is a number as it is dialled.
func mobileKey(country, mobile string) string { return country + mobile }
