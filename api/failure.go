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
	http.StatusUnsupportedMediaType, http.StatusTooManyRequests, http.StatusRequestHeaderFieldsTooLarge,
	http.StatusServiceUnavailable,
}

// RetryAfter returns how many whole seconds a client should wait that a limit
// refused, as the error says, or one that met a full house.
func RetryAfter(err error) string {
	var e *app.Error
	switch {
	case errors.As(err, &e) && e.RetryAfter > 0:
		return strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10)
	case app.KindOf(err) == app.TooOften:
		return "60"
	}
	return "1"
}

// Status is the HTTP status a dialect with an envelope answers an error with:
// 404, 405, 413, 415, 429, 431 and 503 where that is what went wrong, 429 where the
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
		c.Response().Header().Set(echo.HeaderRetryAfter, RetryAfter(err))
	}
	if app.KindOf(err) == app.TooOften {
		s.refusals.take(c.Request().Context())
	}
	write := func(c echo.Context, err error) error { return c.NoContent(Status(err)) }
	if owner := s.table.owner(c); owner != nil {
		write = owner.WriteError
	}
	if err := write(c, s.explain(c, err)); err != nil {
		s.logger.DebugContext(c.Request().Context(), "answer not written", "error", err)
	}
}
