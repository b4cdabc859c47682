// Package registry is the wire dialect of the registry: bare JSON values over
// /registry/, with HTTP statuses for codes. A registration is several calls.
package registry

import (
	"context"
	"net/http"

	"github.com/go-playground/validator/v10"
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
	"accord/saga"
)

// UseCases is what the dialect asks of the domain; see app.Service.
type UseCases interface {
	CheckNewcomer(ctx context.Context, in app.Registration) error
	CheckInvite(ctx context.Context, code app.Secret) error
	CheckInviter(ctx context.Context, username string) error
	SendMailCode(ctx context.Context, email string, purpose app.Purpose, language string) (saga.Receipt, error)
	SendSMSCode(ctx context.Context, country, mobile string, purpose app.Purpose, client, language string) (saga.Receipt, error)
	VerifyTarget(ctx context.Context, t app.Target, code app.Secret) error
	Register(ctx context.Context, in app.Registration) (saga.Receipt, error)
	SendUsername(ctx context.Context, email, client, language string) (saga.Receipt, error)
	ResetPassword(ctx context.Context, in app.PasswordReset) (saga.Receipt, error)
	SignIn(ctx context.Context, in app.Credentials) (app.SignedIn, saga.Receipt, error)
}

// Options say what the dialect works with.
type Options struct {
	// Service is required.
	Service UseCases
	// Invitations asks every newcomer for an invitation code.
	Invitations bool
}

type dialect struct {
	service     UseCases
	invitations bool
	validate    *validator.Validate
}

// New makes the dialect. Its handlers are safe for concurrent use.
func New(o Options) api.Dialect {
	d := &dialect{service: o.Service, invitations: o.Invitations, validate: body.NewValidator()}
	return api.Dialect{
		Name:   "registry",
		Prefix: prefix,
		Routes: []api.Route{
			post("checkEmailPwd", d.checkEmailPwd),
			post("checkEmail", d.checkEmail),
			post("checkPhonePwd", d.checkPhonePwd),
			post("checkPhone", d.checkPhone),
			post("verifyEmail", d.verifyEmail),
			post("verifyPhone", d.verifyPhone),
			{Method: http.MethodPut, Path: savePath, MediaTypes: []string{echo.MIMEApplicationJSON}, Handler: d.save},
			form("findUsername", d.findUsername),
			form("findPassword", d.findPassword),
			post("resetPassword", d.resetPassword),
			post("login", d.login),
		},
		WriteError: writeError,
		OpenAPI:    document(),
		Names:      namesHere,
		Fields:     narrowed,
	}
}

const (
	prefix   = "/registry/"
	savePath = prefix + "save"
)

func post(name string, handler echo.HandlerFunc) api.Route {
	return api.Route{
		Method: http.MethodPost, Path: prefix + name, MediaTypes: []string{echo.MIMEApplicationJSON}, Handler: handler,
	}
}

// form is a route whose parameters are in the query, or in a form.
func form(name string, handler echo.HandlerFunc) api.Route {
	return api.Route{
		Method: http.MethodPost, Path: prefix + name, MediaTypes: []string{echo.MIMEApplicationForm}, Handler: handler,
	}
}
