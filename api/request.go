package api

import (
	"strings"

	"github.com/labstack/echo/v4"

	"accord/app"
	"accord/saga"
)

// SagaHeader is the response header with the id of the saga that a changing
// request ran, failed ones included.
const SagaHeader = "X-Accord-Saga"

// SetReceipt puts the saga's id on the answer. A receipt without an id, of a
// request that was refused before any saga began, leaves no header.
func SetReceipt(c echo.Context, r saga.Receipt) {
	if r.ID != "" {
		c.Response().Header().Set(SagaHeader, r.ID)
	}
}

// setOrigin tells the sagas of a request by which dialect it came, and the id
// that it has in the log.
func setOrigin(c echo.Context, dialect string) {
	r := c.Request()
	c.SetRequest(r.WithContext(saga.WithOrigin(r.Context(), saga.Origin{
		Channel: dialect, Request: c.Response().Header().Get(echo.HeaderXRequestID),
	})))
}

// Token is the access token of the request's Authorization header, bare or
// after "Bearer", else of its Jwt header; empty where there is none.
func Token(c echo.Context) app.Secret {
	header := c.Request().Header
	value := strings.TrimSpace(header.Get(echo.HeaderAuthorization))
	if value == "" {
		return app.Secret(strings.TrimSpace(header.Get("Jwt")))
	}
	scheme, token, _ := strings.Cut(value, " ")
	if strings.EqualFold(scheme, "Bearer") {
		value = strings.TrimSpace(token)
	}
	return app.Secret(value)
}
