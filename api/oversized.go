package api

import (
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"
)

const (
	// headerLimit is the most bytes of a request's line and headers that get an answer
	// in a dialect's envelope; to more than hardHeaderLimit the HTTP server answers itself.
	headerLimit     = 32 << 10
	hardHeaderLimit = 2 * headerLimit
	// drainLimit is how much of a body is read away that is over its limit.
	drainLimit = 64 << 20
)

// limitHeaders refuses requests whose line and headers are too long.
func limitHeaders(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		size := len(r.Method) + len(r.RequestURI) + len(r.Proto) + len(r.Host)
		for name, values := range r.Header {
			for _, value := range values {
				size += len(name) + len(value) + len(": \r\n")
			}
		}
		if size > headerLimit {
			return echo.NewHTTPError(http.StatusRequestHeaderFieldsTooLarge)
		}
		return next(c)
	}
}

// drainOversized reads away the rest of a body that was refused for its size, so that
// a client that writes it all before it reads gets the answer and not a reset
// connection. The server's read time-out bounds how long that takes. A client that
// waits for leave to send (RFC 9110, section 10.1.1) is not given it.
func drainOversized(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		sent, waits := c.Request().Body, c.Request().Header.Get("Expect") != ""
		err := next(c)
		var failed *echo.HTTPError
		if !waits && errors.As(err, &failed) && failed.Code == http.StatusRequestEntityTooLarge {
			_, _ = io.CopyN(io.Discard, sent, drainLimit) // whatever happens, the answer is the same
		}
		return err
	}
}
