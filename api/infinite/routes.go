// Package infinite is the main wire dialect: JSON over /api/user/, string
// codes in an envelope of code, data and msg.
package infinite

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

// UseCases is what the dialect asks of the domain; see app.Service.
type UseCases interface {
	Register(ctx context.Context, in app.Registration) (saga.Receipt, error)
	SignIn(ctx context.Context, in app.Credentials) (app.SignedIn, saga.Receipt, error)
	SignOut(ctx context.Context, p app.Principal) (saga.Receipt, error)
	Authenticate(ctx context.Context, token app.Secret) (app.Principal, error)

	SendMailCode(ctx context.Context, email string, purpose app.Purpose, language string) (saga.Receipt, error)
	SendSMSCode(ctx context.Context, country, mobile string, purpose app.Purpose, client, language string) (saga.Receipt, error)
	Edit(ctx context.Context, p app.Principal, in app.Profile) (saga.Receipt, error)
	ChangeEmail(ctx context.Context, p app.Principal, in app.EmailChange) (saga.Receipt, error)
	ChangePassword(ctx context.Context, p app.Principal, in app.PasswordChange) (saga.Receipt, error)
	ResetPassword(ctx context.Context, in app.PasswordReset) (saga.Receipt, error)
	ChangeMobile(ctx context.Context, p app.Principal, in app.MobileChange) (saga.Receipt, error)
	Delete(ctx context.Context, p app.Principal, password app.Secret) (saga.Receipt, error)
	Upload(ctx context.Context, p app.Principal, data []byte) (string, error)
}

// Options say what the dialect works with. Both are required.
type Options struct {
	Service UseCases
	// Zone is that of every time on the wire.
	Zone *time.Location
}

type dialect struct {
	service  UseCases
	zone     *time.Location
	validate *validator.Validate
}

// New makes the dialect. Its handlers are safe for concurrent use.
func New(o Options) api.Dialect {
	d := &dialect{service: o.Service, zone: o.Zone, validate: body.NewValidator()}
	return api.Dialect{
		Name:   "infinite",
		Prefix: "/api/user/",
		Routes: []api.Route{
			withBody("registerIndividual", d.registerIndividual),
			withBody("login", d.login),
			bare("logout", d.logout),
			{Method: http.MethodPost, Path: userPath("getUserDetail"), Handler: d.getUserDetail, ReadOnly: true},
			withBody("emailVerifyCode", d.emailVerifyCode),
			withBody("generateSmsCode", d.generateSmsCode),
			withBody("editUser", d.editUser),
			withBody("resetUserPassword", d.resetUserPassword),
			withBody("modifyUserEmail", d.modifyUserEmail),
			withBody("modifyUserPassword", d.modifyUserPassword),
			withBody("editUserMobile", d.editUserMobile),
			withBody("deleteUser", d.deleteUser),
			{
				Method: http.MethodPost, Path: "/api/file/upload", MediaTypes: []string{echo.MIMEMultipartForm},
				BodyLimit: maxUploadBody, Handler: d.upload,
			},
		},
		WriteError: writeError,
		OpenAPI:    document(),
		Names:      map[string]string{"code": "verifyCode"},
	}
}

func withBody(name string, handler echo.HandlerFunc) api.Route {
	route := bare(name, handler)
	route.MediaTypes = []string{echo.MIMEApplicationJSON}
	return route
}

func bare(name string, handler echo.HandlerFunc) api.Route {
	return api.Route{Method: http.MethodPost, Path: userPath(name), Handler: handler}
}

func userPath(name string) string { return "/api/user/" + name }
