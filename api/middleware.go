package api

import (
	"errors"
	"log/slog"
	"net/http"
	"regexp"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"accord/app"
	"accord/saga"
)

var saneRequestID = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

// clientRequestKey is where the request's own X-Request-Id is kept in its
// context.
const clientRequestKey = "client request"

// setClientRequest moves the client's X-Request-Id aside, if it is safe in a
// log. The server then draws an id of its own: one that a client chose could be
// that of another request.
func setClientRequest(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Request().Header
		if id := header.Get(echo.HeaderXRequestID); saneRequestID.MatchString(id) {
			c.Set(clientRequestKey, id)
		}
		header.Del(echo.HeaderXRequestID)
		return next(c)
	}
}

// noStore keeps answers, which may carry tokens, out of every cache.
func noStore(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
		return next(c)
	}
}

func secureHeaders() echo.MiddlewareFunc {
	return middleware.SecureWithConfig(middleware.SecureConfig{
		ContentTypeNosniff:    "nosniff",
		XFrameOptions:         "DENY",
		ContentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
		ReferrerPolicy:        "no-referrer",
	})
}

// recoverPanic turns a panic into an error of no known kind. The value is
// printed, not wrapped, so that it cannot pass for an error of another kind.
func recoverPanic() echo.MiddlewareFunc {
	return middleware.RecoverWithConfig(middleware.RecoverConfig{
		DisableStackAll:     true,
		DisableErrorHandler: true,
		LogErrorFunc: func(_ echo.Context, err error, stack []byte) error {
			return errors.New("panic: " + err.Error() + "\n" + string(stack))
		},
	})
}

// accessLog has errors answered, then writes one line per request, which is
// also the only line about its error. It names the route, never the URL as
// sent, and no header or body.
func accessLog(logger *slog.Logger, digests app.Digests, observe func(Answered)) echo.MiddlewareFunc {
	return middleware.RequestLoggerWithConfig(middleware.RequestLoggerConfig{
		HandleError: true, LogError: true, LogMethod: true, LogRoutePath: true,
		LogStatus: true, LogLatency: true, LogRequestID: true,
		LogValuesFunc: func(c echo.Context, v middleware.RequestLoggerValues) error {
			attrs := []slog.Attr{
				slog.String("request", v.RequestID),
				slog.String("method", v.Method),
				slog.String("route", v.RoutePath),
				slog.Int("status", v.Status),
				slog.Float64("ms", float64(v.Latency.Microseconds())/1000),
			}
			if id, ok := c.Get(clientRequestKey).(string); ok {
				attrs = append(attrs, slog.String("client_request", id))
			}
			if id := c.Response().Header().Get(SagaHeader); id != "" {
				attrs = append(attrs, slog.String("saga", id))
			}
			if v.Error != nil {
				attrs = append(attrs, slog.String("error", v.Error.Error()))
			}
			attrs = append(attrs, refusalOf(c, v.Error, digests)...)
			logger.LogAttrs(c.Request().Context(), levelOf(c, v.Error), "request", attrs...)
			if observe != nil {
				observe(answered(c, v))
			}
			return nil
		},
	})
}

// refusalOf describes a refused authentication: the reason, the dialect, the
// client's network, and digests of the account and of what was typed.
func refusalOf(c echo.Context, err error, digests app.Digests) []slog.Attr {
	ctx := c.Request().Context()
	caller := app.CallerOf(ctx)
	reason := app.RefusalOf(err, caller)
	if reason == "" {
		return nil
	}
	attrs := []slog.Attr{
		slog.String("refused", string(reason)), slog.String("dialect", saga.OriginOf(ctx).Channel),
		slog.String("client", app.Place{Address: c.RealIP()}.Network()),
	}
	account, typed := caller.About()
	if account = digests.Of(account); account != "" {
		attrs = append(attrs, slog.String("account", account))
	}
	if typed = digests.Of(typed); typed != "" {
		attrs = append(attrs, slog.String("typed", typed))
	}
	return attrs
}

// levelOf is Error for what is ours to mend, Warn for another system's fault.
// What fails because the client went away is nobody's.
func levelOf(c echo.Context, err error) slog.Level {
	if err == nil || Status(err) != http.StatusOK || c.Request().Context().Err() != nil {
		return slog.LevelInfo
	}
	switch app.KindOf(err) {
	case app.Internal:
		return slog.LevelError
	case app.DirectoryFailed, app.StorageFailed, app.MailFailed, app.SMSFailed, app.PictureFailed:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}
