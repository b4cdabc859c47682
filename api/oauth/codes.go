package oauth

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"accord/app"
)

// failure is the body of an error answer (RFC 6749, 5.2).
type failure struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// realm names what the credentials are for.
const realm = `Basic realm="introspection", charset="UTF-8"`

// writeError answers with a status that says the same: nobody may take an error
// for the word on a token.
func writeError(c echo.Context, err error) error {
	status, body := failureOf(err)
	if status == http.StatusUnauthorized {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, realm)
	}
	return c.JSON(status, body)
}

func failureOf(err error) (int, failure) {
	var he *echo.HTTPError
	if errors.As(err, &he) && he.Code < http.StatusInternalServerError {
		return he.Code, failure{Error: "invalid_request"}
	}
	switch app.KindOf(err) {
	case app.Invalid:
		return http.StatusBadRequest, failure{"invalid_request", "the body is a form with exactly one token"}
	case app.BadCredentials:
		return http.StatusUnauthorized, failure{"invalid_client", "unknown client or wrong secret"}
	case app.NotFound:
		return http.StatusNotFound, failure{"not_found", "no introspection client is configured"}
	case app.TooOften, app.Busy:
		return http.StatusTooManyRequests, failure{Error: "slow_down"}
	default:
		return http.StatusServiceUnavailable, failure{Error: "temporarily_unavailable"}
	}
}
