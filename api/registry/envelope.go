package registry

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"accord/api"
)

// done is the answer to whatever went well and has nothing to tell.
func done(c echo.Context) error { return c.JSON(http.StatusOK, true) }

// writeError answers with the message alone; the status is the code.
func writeError(c echo.Context, err error) error {
	status, header := statusOf(err), c.Response().Header()
	if status == http.StatusTooManyRequests && header.Get(echo.HeaderRetryAfter) == "" {
		header.Set(echo.HeaderRetryAfter, api.RetryAfter(err))
	}
	return c.JSON(status, explanation(err).In(api.Language(c)))
}
