package registry

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"accord/api"
)

// done is the answer to whatever went well and has nothing to tell.
func done(c echo.Context) error { return c.JSON(http.StatusOK, true) }

// anHour is what a client is told to wait that met a limit of a day, in seconds.
const anHour = "3600"

// writeError answers with the message alone; the status is the code.
func writeError(c echo.Context, err error) error {
	status, header := statusOf(err), c.Response().Header()
	if status == http.StatusTooManyRequests && header.Get(echo.HeaderRetryAfter) == "" {
		header.Set(echo.HeaderRetryAfter, anHour)
	}
	return c.JSON(status, explanation(c.Path(), err).In(api.Language(c)))
}
