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

// PendingHeader is the response header of a request that was carried out while
// work on another system goes on in the background. It names the system: gitea,
// storage, mail, or accord itself.
const PendingHeader = "X-Accord-Pending"

// SetReceipt puts the saga's id on the answer, and what it left to the background.
// A receipt without an id, of a request that was refused before any saga began,
// leaves no header.
func SetReceipt(c echo.Context, r saga.Receipt) {
	if r.ID != "" {
		c.Response().Header().Set(SagaHeader, r.ID)
	}
	if r.Pending != nil {
		c.Response().Header().Set(PendingHeader, waitsFor(r.Pending))
	}
}

// waitsFor names the system that has not done its work.
func waitsFor(pending error) string {
	if system, known := pendingSystems[app.KindOf(pending)]; known {
		return system
	}
	return "accord"
}

var pendingSystems = map[app.Kind]string{app.DirectoryFailed: "gitea", app.StorageFailed: "storage", app.MailFailed: "mail"}

// Outcome is what a use case's error means for the client: none if its saga is
// committed and only work in the background is left.
func Outcome(r saga.Receipt, err error) error {
	if r.Pending != nil {
		return nil //nolint:nilerr // it is about that work
	}
	return err
}

// setOrigin gives the sagas of a request the dialect by which it came and the id
// that it has in the log, and its use cases the caller.
func setOrigin(c echo.Context, dialect string) {
	r := c.Request()
	ctx := saga.WithOrigin(r.Context(), saga.Origin{
		Channel: dialect, Request: c.Response().Header().Get(echo.HeaderXRequestID),
	})
	c.SetRequest(r.WithContext(app.WithCaller(ctx, &app.Caller{Place: placeOf(c), Language: Language(c)})))
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
