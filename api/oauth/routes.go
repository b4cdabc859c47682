// Package oauth is what other services of the platform ask: POST
// /oauth/introspect (RFC 7662) tells whether an access token is good at this
// moment.
package oauth

import (
	"context"
	_ "embed"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/app"
	"accord/app/verify"
)

// maxBody is the largest request body, in bytes: a token and its hint.
const maxBody = 16 << 10

// UseCases is what the dialect asks of the domain; see app.Service.
type UseCases interface {
	Introspect(ctx context.Context, token app.Secret) (claims app.Claims, account app.Account, ok bool, err error)
}

// Options say what the dialect works with.
type Options struct {
	Service UseCases
	// Issuer is what access tokens name as theirs (iss).
	Issuer string
	// Clients may ask; without any the endpoint says that there is none.
	Clients Clients
	// Admission counts wrong secrets under the Charges of a client address; an
	// address without charges is not limited.
	Admission *verify.Admission
	Charges   func(address string) []verify.Charge
	Now       func() time.Time
}

//go:embed openapi.yaml
var document []byte

// New makes the dialect. Its handlers are safe for concurrent use.
func New(o Options) api.Dialect {
	e := &endpoint{Options: o, held: heldUp{until: map[string]time.Time{}}}
	return api.Dialect{
		Name:   "oauth",
		Prefix: "/oauth/",
		Routes: []api.Route{{
			Method: http.MethodPost, Path: "/oauth/introspect", MediaTypes: []string{echo.MIMEApplicationForm},
			BodyLimit: maxBody, ReadOnly: true, Handler: e.introspect,
		}},
		WriteError: writeError,
		OpenAPI:    document,
	}
}
