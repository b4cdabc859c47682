package memory

import (
	"context"
	"errors"
	"time"

	"accord/app"
)

// invites implements app.Invites.
type invites struct{ db *tables }

type inviteRow struct {
	app.Invite
	code app.Secret
}

func (r inviteRow) usable(now time.Time) bool {
	return r.Used < r.Uses && r.RevokedAt.IsZero() && (r.ExpiresAt.IsZero() || r.ExpiresAt.After(kept(now)))
}

func (i *invites) Add(ctx context.Context, code app.Secret, in app.Invite) (app.Invite, error) {
	err := i.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		if _, used := i.find(code); used {
			return &app.Error{Kind: app.Internal, Op: "add an invitation", Err: errors.New("the code is in use")}
		}
		i.db.lastInvite++
		in.ID, in.Used, in.RevokedAt = i.db.lastInvite, 0, time.Time{}
		in.CreatedAt, in.ExpiresAt = kept(in.CreatedAt), kept(in.ExpiresAt)
		put(tx, i.db.invites, in.ID, inviteRow{in, code})
		return nil
	})
	if err != nil {
		return app.Invite{}, err
	}
	return in, nil
}

func (i *invites) find(code app.Secret) (inviteRow, bool) {
	for _, row := range i.db.invites {
		if row.code == code {
			return row, true
		}
	}
	return inviteRow{}, false
}

func (i *invites) Check(ctx context.Context, code app.Secret, now time.Time) (app.Invite, error) {
	return i.use(ctx, "check an invitation", code, now, 0)
}

func (i *invites) Spend(ctx context.Context, code app.Secret, now time.Time) (app.Invite, error) {
	return i.use(ctx, "use an invitation", code, now, 1)
}

func (i *invites) use(ctx context.Context, op string, code app.Secret, now time.Time, times int) (found app.Invite, err error) {
	err = i.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		row, exists := i.find(code)
		if !exists || !row.usable(now) {
			return refusal(app.InviteWrong, op)
		}
		row.Used += times
		put(tx, i.db.invites, row.ID, row)
		found = row.Invite
		return nil
	})
	return found, err
}

func (i *invites) GiveBack(ctx context.Context, invite int64, accountID string) error {
	return i.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		row, found := i.db.invites[invite]
		if found && row.Used > 0 && i.db.accounts[accountID].Status == app.Reserved {
			row.Used--
			put(tx, i.db.invites, invite, row)
		}
		return nil
	})
}

func (i *invites) List(ctx context.Context, after int64, limit int) (all []app.Invite, err error) {
	err = i.db.atomically(ctx, func(context.Context, *transaction) error {
		for _, id := range sorted(i.db.invites, func(r inviteRow) bool { return r.ID > after }) {
			all = append(all, i.db.invites[id].Invite)
		}
		return nil
	})
	return all[:min(limit, len(all))], err
}

func (i *invites) Revoke(ctx context.Context, id int64, at time.Time) error {
	return i.db.atomically(ctx, func(_ context.Context, tx *transaction) error {
		row, found := i.db.invites[id]
		switch {
		case !found:
			return refusal(app.NotFound, "revoke an invitation")
		case row.RevokedAt.IsZero():
			row.RevokedAt = kept(at)
			put(tx, i.db.invites, id, row)
		}
		return nil
	})
}
