package api

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"accord/app"
)

// httpFailures are the failures that every dialect tells by HTTP status.
var httpFailures = []int{
	http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge,
	http.StatusUnsupportedMediaType, http.StatusTooManyRequests, http.StatusServiceUnavailable,
}

// retryAfter is how many seconds a client should wait that met a full house.
// One that asked too often is told what the error knows, in whole seconds; else
// a minute, which is the least window of any limit.
func retryAfter(err error) string {
	var e *app.Error
	switch {
	case !errors.As(err, &e) || e.Kind != app.TooOften:
		return "1"
	case e.RetryAfter > 0:
		return strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10)
	default:
		return "60"
	}
}

// Status is the HTTP status a dialect with an envelope answers an error with:
// 404, 405, 413, 415, 429 and 503 where that is what went wrong, 429 where the
// error is Busy or TooOften, and 200 for every business outcome and for defects.
func Status(err error) int {
	var he *echo.HTTPError
	kind := app.KindOf(err)
	switch {
	case errors.As(err, &he) && slices.Contains(httpFailures, he.Code):
		return he.Code
	case kind == app.Busy, kind == app.TooOften:
		return http.StatusTooManyRequests
	default:
		return http.StatusOK
	}
}

// writeFailure is the one place where errors become answers. An error that
// comes up again after it was answered is left alone.
func (s *server) writeFailure(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	if status := Status(err); status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter(err))
	}
	write := func(c echo.Context, err error) error { return c.NoContent(Status(err)) }
	if owner := s.table.owner(c); owner != nil {
		write = owner.WriteError
	}
	if err := write(c, err); err != nil {
		s.logger.DebugContext(c.Request().Context(), "answer not written", "error", err)
	}
}
