package store

import (
	"context"
	"crypto/sha256"
	"time"

	"accord/app"
)

// invites implements app.Invites. Codes are kept as plain hashes: they have too
// many values to be guessed.
type invites struct{ db *database }

const inviteColumns = "id inviter note max_uses used created_at expires_at revoked_at"

var selectInvite = "SELECT " + columns(inviteColumns, "%") + " FROM invites WHERE "

// usable is the condition of an invitation that can be used now.
const usable = "code_hash = ? AND used < max_uses AND revoked_at = 0 AND (expires_at = 0 OR expires_at > ?)"

type inviteRow struct {
	ID        int64  `db:"id"`
	Inviter   string `db:"inviter"`
	Note      string `db:"note"`
	MaxUses   int    `db:"max_uses"`
	Used      int    `db:"used"`
	CreatedAt micros `db:"created_at"`
	ExpiresAt micros `db:"expires_at"`
	RevokedAt micros `db:"revoked_at"`
}

func (r inviteRow) invite() app.Invite {
	return app.Invite{
		ID: r.ID, Inviter: r.Inviter, Note: r.Note, Uses: r.MaxUses, Used: r.Used,
		CreatedAt: r.CreatedAt.time(), ExpiresAt: r.ExpiresAt.time(), RevokedAt: r.RevokedAt.time(),
	}
}

func inviteHash(code app.Secret) []byte {
	sum := sha256.Sum256([]byte("invite\x00" + code.Reveal()))
	return sum[:]
}

func (i *invites) Add(ctx context.Context, code app.Secret, in app.Invite) (app.Invite, error) {
	var row inviteRow
	err := i.db.atomically(ctx, "add an invitation", func(ctx context.Context) error {
		hash := inviteHash(code)
		_, err := i.db.exec(ctx, `INSERT INTO invites (code_hash, inviter, note, max_uses, used, created_at, expires_at, revoked_at)
			VALUES (?, ?, ?, ?, 0, ?, ?, 0)`, hash, in.Inviter, in.Note, in.Uses, microsOf(in.CreatedAt), microsOf(in.ExpiresAt))
		if err != nil {
			return err
		}
		return i.db.one(ctx, &row, selectInvite+"code_hash = ?", hash)
	})
	if err != nil {
		return app.Invite{}, err
	}
	return row.invite(), nil
}

func (i *invites) Check(ctx context.Context, code app.Secret, now time.Time) (app.Invite, error) {
	const op = "check an invitation"
	var row inviteRow
	err := i.db.one(ctx, &row, selectInvite+usable, inviteHash(code), microsOf(now))
	if err != nil {
		return app.Invite{}, during(op, inPlaceOfNone(err, wrongInvite(op)))
	}
	return row.invite(), nil
}

func (i *invites) Spend(ctx context.Context, code app.Secret, now time.Time) (app.Invite, error) {
	const op = "use an invitation"
	var row inviteRow
	err := i.db.atomically(ctx, op, func(ctx context.Context) error {
		hash := inviteHash(code)
		n, err := i.db.exec(ctx, "UPDATE invites SET used = used + 1 WHERE "+usable, hash, microsOf(now))
		if err := unlessMatched(n, err, wrongInvite(op)); err != nil {
			return err
		}
		return i.db.one(ctx, &row, selectInvite+"code_hash = ?", hash)
	})
	if err != nil {
		return app.Invite{}, err
	}
	return row.invite(), nil
}

func wrongInvite(op string) error { return &app.Error{Kind: app.InviteWrong, Op: op} }

func (i *invites) GiveBack(ctx context.Context, invite int64, accountID string) error {
	return i.db.atomically(ctx, "give an invitation back", func(ctx context.Context) error {
		account, err := i.db.lockAccount(ctx, accountID)
		if err != nil || account.Status != app.Reserved {
			return err
		}
		_, err = i.db.exec(ctx, "UPDATE invites SET used = used - 1 WHERE id = ? AND used > 0", invite)
		return err
	})
}

func (i *invites) List(ctx context.Context, after int64, limit int) ([]app.Invite, error) {
	var rows []inviteRow
	if err := i.db.many(ctx, &rows, selectInvite+"id > ? ORDER BY id LIMIT ?", after, limit); err != nil {
		return nil, during("list invitations", err)
	}
	all := make([]app.Invite, len(rows))
	for n, row := range rows {
		all[n] = row.invite()
	}
	return all, nil
}

func (i *invites) Revoke(ctx context.Context, id int64, at time.Time) error {
	const op = "revoke an invitation"
	return i.db.atomically(ctx, op, func(ctx context.Context) error {
		n, err := i.db.exec(ctx, "UPDATE invites SET revoked_at = CASE revoked_at WHEN 0 THEN ? ELSE revoked_at END WHERE id = ?",
			microsOf(at), id)
		return unlessMatched(n, err, unknown(op))
	})
}
