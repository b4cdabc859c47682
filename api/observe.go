package api

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"accord/app"
)

// Answered is a request that was answered, in words of bounded sets.
type Answered struct {
	// Method is "other" where it is none of the usual ones. Route is the path as
	// it is registered; empty where there is no such one.
	Method, Route string
	Status        int
	// Outcome is "ok"; "http" for what failed in HTTP's own terms; "gone" where
	// the client did not wait; else the name of an app.Kind. The dialects with an
	// envelope answer most kinds with status 200.
	Outcome string
	// Refused is why the request was not let in; empty if it was, or failed
	// otherwise.
	Refused app.Refusal
	Took    time.Duration
}

var usualMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

func answered(c echo.Context, v middleware.RequestLoggerValues) Answered {
	a := Answered{Method: v.Method, Route: v.RoutePath, Status: v.Status, Outcome: "ok", Took: v.Latency}
	if !slices.Contains(usualMethods, a.Method) {
		a.Method = "other"
	}
	a.Refused = app.RefusalOf(v.Error, app.CallerOf(c.Request().Context()))
	var he *echo.HTTPError
	switch {
	case v.Error == nil:
	case c.Request().Context().Err() != nil:
		a.Outcome = "gone"
	case errors.As(v.Error, &he):
		a.Outcome = "http"
	default:
		a.Outcome = app.KindOf(v.Error).String()
	}
	return a
}
