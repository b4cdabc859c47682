package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"accord/app"
)

// people implements app.People.
type people struct {
	db   *database
	seal sealing
}

// present is the condition of an account that others find.
const present = "status IN ('" + string(app.Normal) + "', '" + string(app.Paused) + "', '" + string(app.Locked) + "', '" +
	string(app.Stopped) + "')"

var selectPeople = "SELECT " + columns(accountColumns, "%") + ", attributes FROM accounts WHERE " + present

type personRow struct {
	accountRow
	Attributes []byte `db:"attributes"`
}

func (p *people) ByUserID(ctx context.Context, userID int64) (app.Person, error) {
	return p.first(ctx, "user_id = ?", userID)
}

func (p *people) ByUsername(ctx context.Context, username string) (app.Person, error) {
	return p.first(ctx, "username_key = ?", app.FoldKey(username))
}

func (p *people) ByNickname(ctx context.Context, nickname string) (app.Person, error) {
	return p.first(ctx, "nickname = ?", nickname)
}

// first finds the person for whom the condition holds who registered first.
func (p *people) first(ctx context.Context, condition string, value any) (app.Person, error) {
	const op = "find a person"
	var rows []personRow
	if err := p.db.many(ctx, &rows, selectPeople+" AND "+condition+" ORDER BY created_at, id LIMIT 1", value); err != nil {
		return app.Person{}, during(op, err)
	}
	if len(rows) == 0 {
		return app.Person{}, unknown(op)
	}
	return p.open(rows[0])
}

func (p *people) open(row personRow) (app.Person, error) {
	account, err := openAccount(p.seal, row.accountRow)
	if err != nil {
		return app.Person{}, err
	}
	attributes, err := p.seal.openAttributes(row.ID, row.Attributes)
	return app.Person{Account: account, Attributes: attributes}, err
}

func (p *people) LastSignIn(ctx context.Context, id string) (time.Time, error) {
	var last micros
	err := p.db.one(ctx, &last, "SELECT COALESCE(MAX(opened_at), 0) FROM sessions WHERE account_id = ?", id)
	return last.time(), during("look for the last sign-in", err)
}

// Page reads the total and the page at two moments: a registration in between
// shows in one of them.
func (p *people) Page(ctx context.Context, q app.PeopleQuery) ([]app.Person, int, error) {
	const op = "list people"
	condition, args := wanted(q.Keyword)
	var total int
	if err := p.db.one(ctx, &total, "SELECT COUNT(*) FROM accounts WHERE "+present+condition, args...); err != nil {
		return nil, 0, during(op, err)
	}
	var rows []personRow
	err := p.db.many(ctx, &rows, selectPeople+condition+" ORDER BY id LIMIT ? OFFSET ?", append(args, q.Limit, q.Offset)...)
	if err != nil {
		return nil, 0, during(op, err)
	}
	found := make([]app.Person, len(rows))
	for i, row := range rows {
		if found[i], err = p.open(row); err != nil {
			return nil, 0, err
		}
	}
	return found, total, nil
}

// wanted is the condition of a keyword, which is taken as it is: it holds no
// wildcards. It compares texts that are kept folded, since databases differ in the
// letters that they fold.
func wanted(keyword string) (condition string, args []any) {
	if keyword == "" {
		return "", nil
	}
	part := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(app.FoldKey(keyword)) + "%"
	condition = ` AND (username_key LIKE ? ESCAPE '!' OR nickname_key LIKE ? ESCAPE '!'
		OR id IN (SELECT account_id FROM addresses WHERE present = 1 AND email_key LIKE ? ESCAPE '!')`
	args = []any{part, part, part}
	if number, err := strconv.ParseInt(keyword, 10, 64); err == nil {
		condition += " OR id = ? OR user_id = ?"
		args = append(args, keyword, number)
	}
	return condition + ")", args
}

func (p *people) Hold(ctx context.Context, id string) (app.Profile, app.Attributes, error) {
	const op = "hold a person"
	var row struct {
		profileRow
		Attributes []byte `db:"attributes"`
	}
	var attributes app.Attributes
	err := p.db.atomically(ctx, op, func(ctx context.Context) error {
		err := p.db.one(ctx, &row, "SELECT nickname, avatar_url, description, website, location, attributes FROM accounts WHERE id = ? AND "+
			changeable+p.db.dialect.lock, id)
		if errors.Is(err, sql.ErrNoRows) {
			return unknown(op)
		}
		if err == nil {
			attributes, err = p.seal.openAttributes(id, row.Attributes)
		}
		return err
	})
	if err != nil {
		return app.Profile{}, app.Attributes{}, err
	}
	return app.Profile(row.profileRow), attributes, nil
}

func (p *people) SetAttributes(ctx context.Context, id string, a app.Attributes, at time.Time) error {
	const op = "set attributes"
	sealed, err := p.seal.sealAttributes(id, a)
	if err != nil {
		return err
	}
	return p.db.atomically(ctx, op, func(ctx context.Context) error {
		n, err := p.db.exec(ctx, "UPDATE accounts SET attributes = ?, updated_at = ? WHERE id = ? AND "+changeable, sealed, microsOf(at), id)
		return unlessMatched(n, err, unknown(op))
	})
}

func (p *people) HoldEmail(ctx context.Context, id string, at time.Time) error {
	return p.db.atomically(ctx, "hold address", func(ctx context.Context) error {
		_, err := p.db.exec(ctx, "UPDATE accounts SET email_verified = 0, email_held = 1, updated_at = ? WHERE id = ? AND "+changeable, microsOf(at), id)
		return err
	})
}
