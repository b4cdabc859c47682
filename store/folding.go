package store

import (
	"context"

	"accord/app"
)

// Text that is searched for without regard to case is kept folded by app.FoldKey,
// too: databases differ in the letters that they fold.

// foldBatch is how many nicknames one transaction looks at.
const foldBatch = 500

// nicknameRow is a nickname with its folded form as it is stored.
type nicknameRow struct {
	ID       string  `db:"id"`
	Nickname string  `db:"nickname"`
	Key      *string `db:"nickname_key"`
}

func (r nicknameRow) stale() bool { return r.Key == nil || *r.Key != app.FoldKey(r.Nickname) }

// foldNicknames folds nicknames whose folded form is absent or that of another
// nickname. Programs of before the column leave it absent in new accounts and as it
// was in those that they change, so all accounts are looked at, page by page.
func (s *Store) foldNicknames(ctx context.Context) error {
	for after := ""; ; {
		var page []nicknameRow
		err := s.db.atomically(ctx, "fold nicknames", func(ctx context.Context) (err error) {
			page, err = s.foldPage(ctx, after)
			return err
		})
		if err != nil || len(page) < foldBatch {
			return err
		}
		after = page[len(page)-1].ID
	}
}

// foldPage returns the accounts that it looked at. It holds them, so that no
// nickname changes before its folded form is stored.
func (s *Store) foldPage(ctx context.Context, after string) ([]nicknameRow, error) {
	var page []nicknameRow
	err := s.db.many(ctx, &page,
		"SELECT id, nickname, nickname_key FROM accounts WHERE id > ? ORDER BY id LIMIT ?"+s.db.dialect.lock, after, foldBatch)
	if err != nil {
		return nil, err
	}
	for _, r := range page {
		if !r.stale() {
			continue
		}
		if _, err := s.db.exec(ctx, "UPDATE accounts SET nickname_key = ? WHERE id = ?", app.FoldKey(r.Nickname), r.ID); err != nil {
			return nil, err
		}
	}
	return page, nil
}
