// Package jpress is the wire dialect of JPress front-ends: forms over
// /api/user/, answered by an object with a state.
package jpress

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/app"
	"accord/saga"
)

// UseCases is what the dialect asks of the domain; see app.Service.
type UseCases interface {
	Authenticate(ctx context.Context, token app.Secret) (app.Principal, error)
	SignIn(ctx context.Context, in app.Credentials) (app.SignedIn, saga.Receipt, error)
	RegisterAccount(ctx context.Context, in app.Registration) (app.Account, saga.Receipt, error)
	CreatePerson(ctx context.Context, actor app.Principal, in app.Registration) (app.Account, saga.Receipt, error)
	UserIDOf(ctx context.Context, accountID string) (int64, error)
	PersonDetail(ctx context.Context, actor app.Principal, userID int64) (app.Person, error)
	PersonToChange(ctx context.Context, actor app.Principal, userID int64) (app.Person, error)
	EditPerson(ctx context.Context, p app.Principal, in app.PersonChange) (saga.Receipt, error)
	ModifyPerson(ctx context.Context, actor app.Principal, userID int64, in app.PersonModification) (saga.Receipt, error)
	ChangePassword(ctx context.Context, p app.Principal, in app.PasswordChange) (saga.Receipt, error)
	SetPasswordFor(ctx context.Context, actor app.Principal, userID int64, password app.Secret) (saga.Receipt, error)
}

// Options say what the dialect works with. Service and Zone are required.
type Options struct {
	Service UseCases
	// Zone is that of every time on the wire.
	Zone *time.Location
	// OpenCreate lets anybody create an account; else administrators may.
	OpenCreate bool
}

type dialect struct{ Options }

// New makes the dialect. Its handlers are safe for concurrent use.
func New(o Options) api.Dialect {
	d := &dialect{o}
	return api.Dialect{
		Name:   "jpress",
		Prefix: "/api/user/",
		Routes: []api.Route{
			form("create", d.create),
			readOnly(form("detail", d.detail)),
			{Method: http.MethodGet, Path: path("detail"), Handler: d.detail},
			form("login", d.login),
			form("update", d.update),
			form("updatePassword", d.updatePassword),
		},
		WriteError: writeError,
		OpenAPI:    document(),
		Names:      wireNames,
	}
}

func path(name string) string { return "/api/user/" + name }

func form(name string, handler echo.HandlerFunc) api.Route {
	return api.Route{Method: http.MethodPost, Path: path(name), MediaTypes: []string{echo.MIMEApplicationForm}, Handler: handler}
}

func readOnly(r api.Route) api.Route {
	r.ReadOnly = true
	return r
}
