package memory

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"accord/app"
)

// people implements app.People.
type people struct{ db *tables }

// present are the statuses of accounts that others find.
var present = []app.Status{app.Normal, app.Paused, app.Locked, app.Stopped}

func (p *people) ByUserID(ctx context.Context, userID int64) (app.Person, error) {
	return p.first(ctx, func(a app.Account) bool { return a.UserID == userID })
}

func (p *people) ByUsername(ctx context.Context, username string) (app.Person, error) {
	return p.first(ctx, func(a app.Account) bool { return app.FoldKey(a.Username) == app.FoldKey(username) })
}

func (p *people) ByNickname(ctx context.Context, nickname string) (app.Person, error) {
	return p.first(ctx, func(a app.Account) bool { return a.Nickname == nickname })
}

// first finds the person who registered first of those who match.
func (p *people) first(ctx context.Context, match func(app.Account) bool) (person app.Person, err error) {
	err = p.db.atomically(ctx, func(context.Context, *transaction) error {
		found := p.matching(match)
		if len(found) == 0 {
			return refusal(app.NotFound, "find a person")
		}
		person = slices.MinFunc(found, func(a, b app.Person) int {
			return cmp.Or(a.Account.CreatedAt.Compare(b.Account.CreatedAt), cmp.Compare(a.Account.ID, b.Account.ID))
		})
		return nil
	})
	return person, err
}

func (p *people) matching(match func(app.Account) bool) []app.Person {
	var found []app.Person
	for _, id := range sorted(p.db.accounts, func(a app.Account) bool { return slices.Contains(present, a.Status) && match(a) }) {
		found = append(found, app.Person{Account: p.db.accounts[id], Attributes: p.db.attributes[id]})
	}
	return found
}

func (p *people) LastSignIn(ctx context.Context, id string) (last time.Time, err error) {
	err = p.db.atomically(ctx, func(context.Context, *transaction) error {
		for _, row := range p.db.sessions {
			if row.AccountID == id && row.openedAt.After(last) {
				last = row.openedAt
			}
		}
		return nil
	})
	return last, err
}

func (p *people) Page(ctx context.Context, q app.PeopleQuery) (page []app.Person, total int, err error) {
	err = p.db.atomically(ctx, func(context.Context, *transaction) error {
		all := p.matching(wanted(q.Keyword))
		total = len(all)
		all = all[min(q.Offset, total):]
		page = all[:min(q.Limit, len(all))]
		return nil
	})
	return page, total, err
}

// wanted tells who has a keyword.
func wanted(keyword string) func(app.Account) bool {
	part := app.FoldKey(keyword)
	_, err := strconv.ParseInt(keyword, 10, 64)
	return func(a app.Account) bool {
		return err == nil && (a.ID == keyword || strconv.FormatInt(a.UserID, 10) == keyword) ||
			slices.ContainsFunc([]string{a.Username, a.Email, a.Nickname}, func(text string) bool {
				return strings.Contains(app.FoldKey(text), part)
			})
	}
}

func (p *people) Hold(ctx context.Context, id string) (profile app.Profile, attributes app.Attributes, err error) {
	err = (&accounts{p.db}).changeLiving(ctx, "hold a person", id, func(a *app.Account, _ *transaction) error {
		profile, attributes = a.Profile, p.db.attributes[id]
		return nil
	})
	return profile, attributes, err
}

func (p *people) SetAttributes(ctx context.Context, id string, attributes app.Attributes, at time.Time) error {
	return (&accounts{p.db}).changeLiving(ctx, "set attributes", id, func(a *app.Account, tx *transaction) error {
		put(tx, p.db.attributes, id, attributes)
		a.UpdatedAt = kept(at)
		return nil
	})
}

func (p *people) HoldEmail(ctx context.Context, id string, at time.Time) error {
	err := (&accounts{p.db}).changeLiving(ctx, "hold address", id, func(a *app.Account, _ *transaction) error {
		a.EmailVerified, a.EmailHeld, a.UpdatedAt = false, true, kept(at)
		return nil
	})
	if app.KindOf(err) == app.NotFound {
		return nil
	}
	return err
}
