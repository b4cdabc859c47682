// Package session serves what a signed-in user does with a session of any dialect:
// JSON over /api/session/, authenticated by the access token.
package session

import (
	"context"
	_ "embed" // for the document
	"net/http"

	"github.com/go-playground/validator/v10"
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

// UseCases is what the endpoints ask of the domain; see app.Service.
type UseCases interface {
	Authenticate(ctx context.Context, token app.Secret) (app.Principal, error)
	CreateRepository(ctx context.Context, p app.Principal, in app.NewRepository) (app.Repository, error)
}

// Envelope is the form of answers, which is another dialect's.
type Envelope interface {
	Succeed(c echo.Context, data any) error
	WriteError(c echo.Context, err error) error
}

// Options say what the endpoints work with. Both are required.
type Options struct {
	Service  UseCases
	Envelope Envelope
}

type endpoints struct {
	Options
	validate *validator.Validate
}

//go:embed openapi.yaml
var document []byte

// New makes the dialect. Its handlers are safe for concurrent use.
func New(o Options) api.Dialect {
	e := &endpoints{Options: o, validate: body.NewValidator()}
	return api.Dialect{
		Name:   "session",
		Prefix: "/api/session/",
		Routes: []api.Route{{
			Method: http.MethodPost, Path: "/api/session/repositories", MediaTypes: []string{echo.MIMEApplicationJSON},
			Handler: e.createRepository,
		}},
		WriteError: o.Envelope.WriteError,
		OpenAPI:    document,
	}
}
