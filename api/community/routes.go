// Package community is the wire dialect of the video community: JSON over
// /api/v1/user/, numeric codes in an envelope of code, data and msg.
package community

import (
	"context"
	"net/http"
	"time"

	"github.com/go-playground/validator/v10"
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
	"accord/saga"
)

// How long the document's tokens live: a session, its refresh token and the
// token of version 1.1; the access token of version 1.0.
const (
	sessionTTL = 14 * 24 * time.Hour
	accessTTL  = 5 * time.Minute
)

// UseCases is what the dialect asks of the domain; see app.Service.
type UseCases interface {
	Register(ctx context.Context, in app.Registration) (saga.Receipt, error)
	SignIn(ctx context.Context, in app.Credentials) (app.SignedIn, saga.Receipt, error)
	SignInByCode(ctx context.Context, in app.Credentials) (app.SignedIn, saga.Receipt, error)
	Refresh(ctx context.Context, refreshToken app.Secret, accessTTL time.Duration) (app.Secret, error)
	Authenticate(ctx context.Context, token app.Secret) (app.Principal, error)

	Challenge(ctx context.Context, kind app.ChallengeKind, client string) (app.Challenge, error)
	Solve(ctx context.Context, in app.Solution) error
	SendMailCodeToHuman(ctx context.Context, email string, purpose app.Purpose, client, language string) (saga.Receipt, error)
	PermitReset(ctx context.Context, email, client string) error
	ResetPassword(ctx context.Context, in app.PasswordReset) (saga.Receipt, error)

	Person(ctx context.Context, p app.Principal) (app.Person, error)
	EditPerson(ctx context.Context, p app.Principal, in app.PersonChange) (saga.Receipt, error)
	PersonByUserID(ctx context.Context, userID int64) (app.PublicPerson, error)
	PersonByName(ctx context.Context, name string) (app.PublicPerson, error)
	UserIDOf(ctx context.Context, accountID string) (int64, error)

	PersonToChange(ctx context.Context, actor app.Principal, userID int64) (app.Person, error)
	ListPeople(ctx context.Context, actor app.Principal, page app.Page) ([]app.Person, int, error)
	SearchPeople(ctx context.Context, actor app.Principal, keyword string, page app.Page) ([]app.Person, int, error)
	ModifyPerson(ctx context.Context, actor app.Principal, userID int64, in app.PersonModification) (saga.Receipt, error)
	SetRole(ctx context.Context, actor app.Principal, userID int64, role app.Role) (saga.Receipt, error)
	RemovePerson(ctx context.Context, actor app.Principal, userID int64) (saga.Receipt, error)
}

// Options say what the dialect works with.
type Options struct {
	// Service and Zone, that of every time on the wire, are required.
	Service UseCases
	Zone    *time.Location
	// TokenPair: clients of version 1.0 are served too, which want an access token
	// of five minutes and a refresh token.
	TokenPair bool
}

type dialect struct {
	service  UseCases
	zone     *time.Location
	pair     bool
	validate *validator.Validate
}

// New makes the dialect. Its handlers are safe for concurrent use.
func New(o Options) api.Dialect {
	d := &dialect{service: o.Service, zone: o.Zone, pair: o.TokenPair, validate: body.NewValidator()}
	routes := []api.Route{
		get("verify/captcha/get", d.newCaptcha),
		post("verify/captcha/validate", d.solveCaptcha),
		post("user/code/email", d.sendCode),
		post("user/register", d.register),
		post("user/login", d.login),
		post("user/login/email", d.loginByCode),
		get("user/resetpwd/check", d.permitReset),
		post("user/pwd/modify", d.resetPassword),
		get("user/info/other", d.other),
		get("user/uid", d.idOfName),
		get("user/info/get", d.own),
		post("user/info/modify", d.modifyOwn),
		post("user/cover/modify", d.modifyCover),
		get("user/manage/list", d.list),
		get("user/manage/search", d.search),
		get("user/manage/search&*", d.searchAsTyped),
		post("user/manage/modify", d.modify),
		post("user/manage/role/modify", d.setRole),
		post("user/manage/delete", d.remove),
	}
	if d.pair {
		routes = append(routes, get("user/token/refresh", d.refresh))
	}
	return api.Dialect{
		Name: "community", Prefix: "/api/v1/user/", Routes: routes, WriteError: writeError, OpenAPI: document(),
		Names: namesHere,
	}
}

func post(name string, handler echo.HandlerFunc) api.Route {
	return api.Route{
		Method: http.MethodPost, Path: "/api/v1/" + name, MediaTypes: []string{echo.MIMEApplicationJSON}, Handler: handler,
	}
}

func get(name string, handler echo.HandlerFunc) api.Route {
	return api.Route{Method: http.MethodGet, Path: "/api/v1/" + name, Handler: handler}
}
