package api

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"accord/app"
)

var saneRequestID = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

// dropInsaneRequestID makes the request look as if it had no id, so that a
// fresh one is drawn, where the one it has would not be safe in a log.
func dropInsaneRequestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Request().Header
		if !saneRequestID.MatchString(header.Get(echo.HeaderXRequestID)) {
			header.Del(echo.HeaderXRequestID)
		}
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
func accessLog(logger *slog.Logger, observe func(Answered)) echo.MiddlewareFunc {
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
			if id := c.Response().Header().Get(SagaHeader); id != "" {
				attrs = append(attrs, slog.String("saga", id))
			}
			if v.Error != nil {
				attrs = append(attrs, slog.String("error", v.Error.Error()))
			}
			logger.LogAttrs(c.Request().Context(), levelOf(c, v.Error), "request", attrs...)
			if observe != nil {
				observe(answered(c, v))
			}
			return nil
		},
	})
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

// clientAddress finds the address a request came from: the connection's, or
// the nearest one in X-Forwarded-For that is not of a trusted proxy. IPv4 is
// never written as IPv6; what is no address is empty.
func clientAddress(trusted []netip.Prefix) echo.IPExtractor {
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		ipNet := &net.IPNet{IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
		options = append(options, echo.TrustIPRange(ipNet))
	}
	extract := echo.ExtractIPFromXFFHeader(options...)
	return func(r *http.Request) string {
		address, err := netip.ParseAddr(extract(r))
		if err != nil {
			return ""
		}
		return address.Unmap().WithZone("").String()
	}
}
