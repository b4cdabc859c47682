// Package portal is the wire dialect of the portal: JSON over /api/v1/, numeric
// codes in an envelope of code, msg, data and total.
package portal

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

// sessionTTL is how long the document's tokens live.
const sessionTTL = 5 * 24 * time.Hour

// UseCases is what the dialect asks of the domain; see app.Service.
type UseCases interface {
	Register(ctx context.Context, in app.Registration) (saga.Receipt, error)
	SignIn(ctx context.Context, in app.Credentials) (app.SignedIn, saga.Receipt, error)
	SendMailCode(ctx context.Context, email string, purpose app.Purpose, language string) (saga.Receipt, error)
	Challenge(ctx context.Context, kind app.ChallengeKind, client string) (app.Challenge, error)
	Solve(ctx context.Context, in app.Solution) error
	VerifyForReset(ctx context.Context, email string, code app.Secret) (app.Secret, error)
	ResetByToken(ctx context.Context, in app.TokenReset) (app.Account, saga.Receipt, error)
}

// Options say what the dialect works with.
type Options struct {
	// Service is required.
	Service UseCases
}

type dialect struct {
	service  UseCases
	validate *validator.Validate
}

// New makes the dialect. Its handlers are safe for concurrent use.
func New(o Options) api.Dialect {
	d := &dialect{service: o.Service, validate: body.NewValidator()}
	return api.Dialect{
		Name:   "portal",
		Prefix: "/api/v1/",
		Routes: []api.Route{
			post("sendEmailCode", d.sendEmailCode),
			post("register", d.register),
			post("login", d.login),
			get("capacha/get", d.newCaptcha),
			get("captcha/get", d.newCaptcha),
			get("capacha/verify", d.solveCaptcha),
			get("captcha/verify", d.solveCaptcha),
			post("forgetPassword/verifyEmailCode", d.verifyOrModify),
			post("forgetPassword/modify", d.modify),
		},
		WriteError: writeError,
		OpenAPI:    document(),
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
