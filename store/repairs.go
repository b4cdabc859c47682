package store

import (
	"context"
	"iter"
	"time"

	"github.com/jmoiron/sqlx"

	"accord/app"
	"accord/app/reconcile"
	"accord/saga"
)

// Repairs implements app.AccountRepairs and reconcile.Accounts. Safe for
// concurrent use.
type Repairs struct {
	db   *database
	seal sealing
}

var (
	_ app.AccountRepairs = (*Repairs)(nil)
	_ reconcile.Accounts = (*Repairs)(nil)
)

const (
	// repairPage is how many rows are read at once.
	repairPage = 1000
	// factColumns are what app.Facts are made of.
	factColumns = "id username email nickname description website location status gitea_id"
	// living is the condition of accounts that live.
	living = "status NOT IN ('" + string(app.Deleted) + "', '" + string(app.Abandoned) + "')"
	// unended is the condition of sagas that have not ended.
	unended = "phase NOT IN ('" + string(saga.Committed) + "', '" + string(saga.Aborted) + "')"
)

var (
	selectFacts     = "SELECT " + columns(factColumns, "%") + " FROM accounts WHERE "
	selectByGiteaID = selectFacts + "gitea_id >= ? AND (gitea_id > ? OR id > ?) AND " + living + " ORDER BY gitea_id, id LIMIT ?"
	selectByID      = selectFacts + "id > ? AND " + living + " ORDER BY id LIMIT ?"
	selectPending   = "SELECT s.id, s.flow, s.phase, s.subject, s.stuck, COALESCE(a.username, '') AS username" +
		" FROM sagas s LEFT JOIN accounts a ON a.id = s.subject WHERE s." + unended + " ORDER BY s.created_at, s.id LIMIT ?"
)

type factRow struct {
	ID          string `db:"id"`
	Username    string `db:"username"`
	Email       string `db:"email"`
	Nickname    string `db:"nickname"`
	Description string `db:"description"`
	Website     string `db:"website"`
	Location    string `db:"location"`
	Status      string `db:"status"`
	GiteaID     int64  `db:"gitea_id"`
}

func (r factRow) facts() app.Facts {
	a := app.Account{
		ID: r.ID, Username: r.Username, Email: r.Email, Status: app.Status(r.Status), GiteaID: r.GiteaID,
		Profile: app.Profile{Nickname: r.Nickname, Description: r.Description, Website: r.Website, Location: r.Location},
	}
	return a.Facts()
}

// ByGiteaID implements reconcile.Accounts.
func (s *Repairs) ByGiteaID(ctx context.Context) iter.Seq2[app.Facts, error] {
	return s.pages(ctx, selectByGiteaID, func(last factRow) []any { return []any{last.GiteaID, last.GiteaID, last.ID} })
}

// ByID implements reconcile.Accounts.
func (s *Repairs) ByID(ctx context.Context) iter.Seq2[app.Facts, error] {
	return s.pages(ctx, selectByID, func(last factRow) []any { return []any{last.ID} })
}

// pages reads page after page, each after the last row of the one before.
func (s *Repairs) pages(ctx context.Context, query string, after func(last factRow) []any) iter.Seq2[app.Facts, error] {
	return func(yield func(app.Facts, error) bool) {
		for last := (factRow{}); ; {
			var rows []factRow
			if err := s.db.many(ctx, &rows, query, append(after(last), repairPage)...); err != nil {
				yield(app.Facts{}, during("list accounts", err))
				return
			}
			for _, row := range rows {
				if !yield(row.facts(), nil) {
					return
				}
			}
			if len(rows) < repairPage {
				return
			}
			last = rows[len(rows)-1]
		}
	}
}

// Count implements reconcile.Accounts.
func (s *Repairs) Count(ctx context.Context) (int, error) {
	var n int
	err := s.db.one(ctx, &n, "SELECT COUNT(*) FROM accounts WHERE "+living)
	return n, during("count accounts", err)
}

// Find implements reconcile.Accounts.
func (s *Repairs) Find(ctx context.Context, ids []string) (map[string]app.Facts, error) {
	found := map[string]app.Facts{}
	err := s.inBatches(ctx, "find accounts", ids, func(ctx context.Context, batch []string) error {
		var rows []factRow
		if err := s.manyOf(ctx, &rows, selectFacts+"id IN (?)", batch); err != nil {
			return err
		}
		for _, row := range rows {
			found[row.ID] = row.facts()
		}
		return nil
	})
	return found, err
}

// Busy implements reconcile.Accounts.
func (s *Repairs) Busy(ctx context.Context, ids []string, since time.Time) (map[string]bool, error) {
	return s.setOf(ctx, "find busy accounts", "SELECT DISTINCT subject FROM sagas WHERE subject IN (?) AND ("+unended+" OR updated_at >= ?)",
		ids, microsOf(since))
}

// OpenSessions implements app.AccountRepairs.
func (s *Repairs) OpenSessions(ctx context.Context, ids []string) (map[string]string, error) {
	found := map[string]string{}
	err := s.inBatches(ctx, "find open sessions", ids, func(ctx context.Context, batch []string) error {
		var rows []struct {
			ID        string `db:"id"`
			AccountID string `db:"account_id"`
		}
		err := s.manyOf(ctx, &rows, "SELECT id, account_id FROM sessions WHERE id IN (?) AND closed_at = 0", batch)
		for _, row := range rows {
			found[row.ID] = row.AccountID
		}
		return err
	})
	return found, err
}

// Pending implements reconcile.Accounts.
func (s *Repairs) Pending(ctx context.Context, limit int) ([]reconcile.PendingSaga, int, error) {
	const op = "list pending sagas"
	var rows []struct {
		ID       string `db:"id"`
		Flow     string `db:"flow"`
		Phase    string `db:"phase"`
		Subject  string `db:"subject"`
		Username string `db:"username"`
		Stuck    bool   `db:"stuck"`
	}
	if err := s.db.many(ctx, &rows, selectPending, limit); err != nil {
		return nil, 0, during(op, err)
	}
	var total int
	if err := s.db.one(ctx, &total, "SELECT COUNT(*) FROM sagas WHERE "+unended); err != nil {
		return nil, 0, during(op, err)
	}
	pending := make([]reconcile.PendingSaga, len(rows))
	for i, r := range rows {
		pending[i] = reconcile.PendingSaga{
			ID: r.ID, Flow: r.Flow, Phase: r.Phase, AccountID: r.Subject, Username: r.Username, Stuck: r.Stuck,
		}
	}
	return pending, total, nil
}

// setOf runs a query of one column for all the ids.
func (s *Repairs) setOf(ctx context.Context, op, query string, ids []string, args ...any) (map[string]bool, error) {
	found := map[string]bool{}
	err := s.inBatches(ctx, op, ids, func(ctx context.Context, batch []string) error {
		var rows []string
		err := s.manyOf(ctx, &rows, query, batch, args...)
		for _, row := range rows {
			found[row] = true
		}
		return err
	})
	return found, err
}

// inBatches gives do the ids, a bounded number at a time.
func (s *Repairs) inBatches(ctx context.Context, op string, ids []string, do func(ctx context.Context, batch []string) error) error {
	const batch = 500
	for len(ids) > 0 {
		n := min(batch, len(ids))
		if err := do(ctx, ids[:n]); err != nil {
			return during(op, err)
		}
		ids = ids[n:]
	}
	return nil
}

func (s *Repairs) manyOf(ctx context.Context, dest any, query string, ids []string, args ...any) error {
	expanded, all, err := sqlx.In(query, append([]any{ids}, args...)...)
	if err != nil {
		return err
	}
	return s.db.many(ctx, dest, expanded, all...)
}

// DirectoryUserMade implements app.AccountRepairs.
func (s *Repairs) DirectoryUserMade(ctx context.Context, id string, giteaID int64, at time.Time) error {
	return s.update(ctx, "set the new Gitea user of an account", id,
		"gitea_id = ?, gitea_password = ?, gitea_origin = ?, updated_at = ?", giteaID, app.RandomPassword, app.Created, microsOf(at))
}

// SetDirectoryUser implements app.AccountRepairs.
func (s *Repairs) SetDirectoryUser(ctx context.Context, id string, giteaID int64, p app.GiteaPassword, at time.Time) error {
	return s.update(ctx, "set the Gitea user of an account", id,
		"gitea_id = ?, gitea_password = ?, updated_at = ?", giteaID, p, microsOf(at))
}

// OfDirectoryUser implements app.AccountRepairs.
func (s *Repairs) OfDirectoryUser(ctx context.Context, giteaID int64) ([]string, error) {
	var ids []string
	err := s.db.many(ctx, &ids, "SELECT id FROM accounts WHERE gitea_id = ? AND "+living+" ORDER BY id", giteaID)
	return ids, during("find the accounts of a Gitea user", err)
}

// SetStorageSecret implements app.AccountRepairs.
func (s *Repairs) SetStorageSecret(ctx context.Context, id string, secret app.Secret, at time.Time) error {
	sealed, err := (&accounts{s.db, s.seal}).sealSecret(id, secret)
	if err != nil {
		return err
	}
	return s.update(ctx, "set the storage secret of an account", id, "storage_secret = ?, updated_at = ?", sealed, microsOf(at))
}

// DirectoryHealed implements app.AccountRepairs.
func (s *Repairs) DirectoryHealed(ctx context.Context, id string, epoch int64, at time.Time) error {
	return s.update(ctx, "note that Gitea has the password", id,
		"gitea_password = CASE WHEN credential_epoch = ? THEN ? ELSE gitea_password END, updated_at = ?",
		epoch, app.SamePassword, microsOf(at))
}

// DirectorySealed implements app.AccountSealing.
func (s *Repairs) DirectorySealed(ctx context.Context, id string, at time.Time) error {
	return s.update(ctx, "record a random password in Gitea", id,
		"gitea_password = ?, updated_at = ?", app.RandomPassword, microsOf(at))
}

// Mirrored implements reconcile.Sealing.
func (s *Repairs) Mirrored(ctx context.Context, ids []string) (map[string]bool, error) {
	return s.setOf(ctx, "find passwords that Gitea has", "SELECT id FROM accounts WHERE id IN (?) AND gitea_password <> ?",
		ids, app.RandomPassword)
}

func (s *Repairs) update(ctx context.Context, op, id, set string, args ...any) error {
	return s.db.atomically(ctx, op, func(ctx context.Context) error {
		n, err := s.db.exec(ctx, "UPDATE accounts SET "+set+" WHERE id = ? AND "+changeable, append(args, id)...)
		return unlessMatched(n, err, unknown(op))
	})
}
