// Package api is the HTTP edge: one Echo server under every wire dialect, and
// the place where errors become answers.
package api

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"accord/app"
)

// DefaultBodyLimit is the largest request body in bytes where Options names none.
const DefaultBodyLimit = 1 << 20

// Options say what a server is made of.
type Options struct {
	// Dialects in order of precedence: the first answers for paths that are
	// nobody's.
	Dialects []Dialect
	// Logger takes one record per request. Required.
	Logger *slog.Logger
	// TrustedProxies are the networks whose ProxyHeader is believed.
	TrustedProxies []netip.Prefix
	// ProxyHeader is the header in which proxies name their client, X-Forwarded-For
	// if empty, or Forwarded (RFC 7239).
	ProxyHeader string
	// AllowedOrigins are the web origins whose pages may call the server from a
	// browser: each scheme, host and port as the browser sends them. The port may be
	// *, for any; * alone is any origin. None: browsers keep pages of other origins out.
	AllowedOrigins []string
	// AllowCredentials lets such pages send the cookies of a proxy before the server,
	// which has none of its own.
	AllowCredentials bool
	// BodyLimit is the largest request body in bytes of routes that have no limit
	// of their own; DefaultBodyLimit where zero.
	BodyLimit int64
	// RefusalPause is how long a refusal of too many requests is held back; zero
	// holds none back.
	RefusalPause time.Duration
	// Ready reports whether the systems are well; nil means always.
	Ready *Readiness
	// JWKS returns the public keys of access tokens as a JSON Web Key Set
	// (RFC 7517), or nothing where they are not to be had. Without it there is
	// no key endpoint.
	JWKS func() []byte
	// Answers keeps what requests with an Idempotency-Key were answered, by the
	// clock Now, which is required with it. Without it the header means nothing.
	Answers app.Answers
	Now     func() time.Time
	// Observe, if there is one, is told of every request that was answered.
	Observe func(Answered)
	// Countries are the country codes that numbers may have.
	Countries []string
	// Digests stand for accounts in log lines of refused requests.
	Digests app.Digests
	// NewRequestID draws the id of a request; random if nil.
	NewRequestID func() string
}

// server is what handlers of the server itself share.
type server struct {
	table     *table
	logger    *slog.Logger
	bodyLimit int64
	refusals  *pause
}

// New makes the handler of a whole server, safe for concurrent use. It fails
// where two dialects claim the same method, path and media type, or a dialect's
// OpenAPI document is not to be read.
func New(o Options) (http.Handler, error) {
	table, err := newTable(o.Dialects, o.repeats())
	if err != nil {
		return nil, err
	}
	documents, err := newDocs(o.Dialects)
	if err != nil {
		return nil, err
	}
	fields, err := rules(o.Countries, o.Dialects)
	if err != nil {
		return nil, err
	}
	s := &server{table: table, logger: o.Logger, bodyLimit: cmp.Or(o.BodyLimit, DefaultBodyLimit), refusals: newPause(o.RefusalPause)}
	ready := o.Ready
	if ready == nil {
		ready = NewReadiness(nil, o.Logger)
	}
	e := echo.New()
	e.IPExtractor = clientAddress(o.TrustedProxies, cmp.Or(o.ProxyHeader, echo.HeaderXForwardedFor))
	e.HTTPErrorHandler = s.writeFailure
	e.Pre(passOverSlash)
	e.Use(
		setClientRequest,
		middleware.RequestIDWithConfig(middleware.RequestIDConfig{Generator: o.NewRequestID}),
		secureHeaders(),
		noStore,
		accessLog(o.Logger, o.Digests, o.Observe),
		recoverPanic(),
		o.cors(),
		limitHeaders,
		drainOversized,
		middleware.BodyLimitWithConfig(middleware.BodyLimitConfig{
			Skipper: table.ownLimit, Limit: inBytes(s.bodyLimit),
		}),
	)
	for at, claims := range table.claims {
		e.Add(at.method, at.path, serve(claims))
	}
	e.Match(probe, "/healthz", alive)
	e.Match(probe, "/readyz", ready.public)
	if o.JWKS != nil {
		e.Match(probe, "/.well-known/jwks.json", keySet(o.JWKS))
	}
	e.Match(probe, rulesPath, fields)
	documents.route(e)
	return e, nil
}

// probe are the methods of what the server itself says.
var probe = []string{http.MethodGet, http.MethodHead}

// repeats is nil where answers are not kept.
func (o Options) repeats() echo.MiddlewareFunc {
	if o.Answers == nil {
		return nil
	}
	return once{o.Answers, o.Now, o.Logger}.around
}

// inBytes is a size as Echo reads it.
func inBytes(size int64) string { return strconv.FormatInt(size, 10) + "B" }

// NewHTTPServer makes a server for h with every time and size bounded. Its
// fields may be changed before it is started. Complaints of the connection
// level go to the logger.
func NewHTTPServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    hardHeaderLimit,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}
