package api

import (
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// preflightAge is how long a browser may remember the answer to a preflight.
const preflightAge = 10 * time.Minute

// exposed are the headers of answers that pages of other origins can read, beside
// those that the Fetch standard lets them read anyway.
var exposed = []string{
	echo.HeaderRetryAfter, echo.HeaderXRequestID, echo.HeaderContentDisposition, SagaHeader, PendingHeader, replayedHeader,
}

// cors lets pages of the origins call the server from a browser (Fetch standard,
// "CORS protocol"). A preflight is answered with the methods of its path. One for an
// unknown path is let through, so that the page can read why its request failed.
func (o Options) cors() echo.MiddlewareFunc {
	return middleware.CORSWithConfig(middleware.CORSConfig{
		AllowOriginFunc:  func(origin string) (bool, error) { return allows(o.AllowedOrigins, origin), nil },
		AllowCredentials: o.AllowCredentials,
		ExposeHeaders:    exposed,
		MaxAge:           int(preflightAge / time.Second),
	})
}

// allows reports whether the origin is one of the allowed.
func allows(allowed []string, origin string) bool {
	for _, one := range allowed {
		host, anyPort := strings.CutSuffix(one, ":*")
		if anyPort && onSomePort(host, origin) || !anyPort && (one == "*" || one == origin) {
			return true
		}
	}
	return false
}

// onSomePort reports whether the origin is the host's, whatever its port.
func onSomePort(host, origin string) bool {
	rest, ok := strings.CutPrefix(origin, host)
	if !ok || rest == "" {
		return ok
	}
	port, ok := strings.CutPrefix(rest, ":")
	_, err := strconv.ParseUint(port, 10, 16)
	return ok && err == nil
}
