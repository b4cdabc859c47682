package gitea

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"accord/app"
	"accord/app/reconcile"
	"accord/saga"
)

var (
	_ app.DirectoryAdoption       = (*Directory)(nil)
	_ reconcile.AdoptionDirectory = (*Directory)(nil)

	errAdopted = errors.New("the user was there before us, so it is not removed")
)

func notRemoved(op string) error {
	return saga.Refused(&app.Error{Kind: app.DirectoryFailed, Op: "gitea: " + op, Err: errAdopted})
}

// AdoptUser implements app.DirectoryAdoption.
func (d *Directory) AdoptUser(ctx context.Context, id int64, ref app.DirectoryRef) error {
	return d.setMark(ctx, "adopt user", id, ref, markPrefix+ref.AccountID+adoptedEnding)
}

// EachCandidate implements reconcile.AdoptionDirectory. Gitea shows who has a
// one-time code for second factor only by listing those users apart; keys
// (WebAuthn) it does not show at all. A Gitea that does not know the filter lists
// everybody: then everybody has a second factor, and nobody is adopted.
func (d *Directory) EachCandidate(ctx context.Context, pace reconcile.Pace) iter.Seq2[app.DirectoryCandidate, error] {
	return func(yield func(app.DirectoryCandidate, error) bool) {
		second := map[int64]bool{}
		for u, err := range d.eachUser(ctx, pace, url.Values{"is_2fa_enabled": {"true"}}) {
			if err != nil {
				yield(app.DirectoryCandidate{}, err)
				return
			}
			second[u.ID] = true
		}
		for u, err := range d.eachUser(ctx, pace, nil) {
			if err != nil {
				yield(app.DirectoryCandidate{}, err)
				return
			}
			c := app.DirectoryCandidate{
				DirectoryView: u.view(), Inactive: !u.Activated, SecondFactor: second[u.ID],
				OtherLogin: u.mark() == "" && u.LoginName != "" && !strings.EqualFold(u.LoginName, u.Login),
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

// EachOrganization implements reconcile.AdoptionDirectory. They come by name, so
// that one which is made or removed meanwhile may hide another; they are shown,
// and nothing rests on them.
func (d *Directory) EachOrganization(ctx context.Context, pace reconcile.Pace) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		r := request{op: "list organizations", method: http.MethodGet, path: path("admin", "orgs")}
		var t tally
		for page := 1; ; page++ {
			if err := pace(ctx); err != nil {
				yield("", err)
				return
			}
			a, found, err := d.organizationPage(ctx, r, page)
			if err != nil {
				yield("", err)
				return
			}
			for _, o := range found {
				if !yield(o.Name, nil) {
					return
				}
			}
			last, err := t.add(a, len(found))
			if err != nil {
				yield("", t.incomplete(a))
				return
			}
			if last {
				return
			}
		}
	}
}

func (d *Directory) organizationPage(ctx context.Context, r request, page int) (answer, []named, error) {
	a, err := d.send(ctx, r.onPage(page))
	switch {
	case err != nil:
		return answer{}, nil, err
	case a.status != http.StatusOK:
		return answer{}, nil, denied(a, a.fault())
	}
	if err := a.needTotal(); err != nil {
		return answer{}, nil, err
	}
	var found []named
	err = a.decode(&found)
	return a, found, err
}

// Exists implements reconcile.AdoptionDirectory.
func (d *Directory) Exists(ctx context.Context, name string) (bool, error) {
	_, found, err := d.byName(ctx, name, false)
	return found, err
}

// nameIsToken are the passwords by which Gitea takes the name for a token.
var nameIsToken = []app.Secret{"", "x-oauth-basic"}

// hindrances are what Gitea says to a person whose password it takes or would
// take, and whom it does not let in by it.
var hindrances = []string{
	"basic authorization is not allowed while WebAuthn enrolled",
	prohibited,
	"This account is not activated",
	demand,
	"token is required", // it takes no password at all (ENABLE_BASIC_AUTHENTICATION)
	signInFirst,         // likewise, and with REQUIRE_SIGNIN_VIEW
}

// CheckPassword implements app.DirectoryAdoption. To Gitea an access token is as
// good as a password; so what it takes for one is tried as a token, too, which a
// password is not good for.
func (d *Directory) CheckPassword(ctx context.Context, ref app.DirectoryRef, password app.Secret) (app.PasswordCheck, error) {
	const op = "check password"
	u, err := d.marked(ctx, op, ref)
	if strange(err) {
		return app.PasswordCheck{Hindrance: "no such user bears the mark"}, nil
	}
	if err != nil {
		return app.PasswordCheck{}, err
	}
	if u.SourceID != 0 {
		return app.PasswordCheck{Hindrance: errElsewhere.Error()}, nil
	}
	if slices.Contains(nameIsToken, password) {
		return app.PasswordCheck{}, nil
	}
	a, err := d.send(ctx, request{op: op, method: http.MethodGet, path: path("user"), person: u.Login, personsPassword: password})
	if err != nil {
		return app.PasswordCheck{}, err
	}
	if a.status == http.StatusUnauthorized && a.native || a.status == http.StatusForbidden {
		return app.PasswordCheck{Hindrance: a.hindrance()}, nil
	}
	if a.status != http.StatusOK {
		return app.PasswordCheck{}, a.fault()
	}
	var in user
	if err := a.decode(&in); err != nil {
		return app.PasswordCheck{}, err
	}
	if in.ID != u.ID {
		return app.PasswordCheck{}, nil
	}
	token, err := d.isToken(ctx, password)
	return app.PasswordCheck{Right: err == nil && !token}, err
}

func (a answer) hindrance() string {
	for _, h := range hindrances {
		if strings.HasPrefix(a.message, h) {
			return h
		}
	}
	return ""
}

// isToken reports whether Gitea knows the text as an access token, whatever it is
// good for. What no header can carry is none.
func (d *Directory) isToken(ctx context.Context, text app.Secret) (bool, error) {
	if strings.ContainsFunc(text.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return false, nil
	}
	a, err := d.send(ctx, request{op: "check that a password is no token", method: http.MethodGet, path: path("user"), as: text})
	switch {
	case err != nil:
		return false, err
	case a.status == http.StatusUnauthorized && a.native:
		return false, nil
	case a.status == http.StatusOK, a.status == http.StatusForbidden:
		return true, nil
	}
	return false, a.fault()
}
