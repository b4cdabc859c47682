package api_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/app"
	"accord/saga"
)

// plain is a dialect whose answer to a failure is its own name and the kind.
func plain(name, prefix string, routes ...api.Route) api.Dialect {
	return api.Dialect{
		Name: name, Prefix: prefix, Routes: routes,
		WriteError: func(c echo.Context, err error) error {
			return c.String(api.Status(err), name+": "+app.KindOf(err).String())
		},
	}
}

func post(path string, handler echo.HandlerFunc, mediaTypes ...string) api.Route {
	return api.Route{Method: http.MethodPost, Path: path, MediaTypes: mediaTypes, Handler: handler}
}

func says(word string) echo.HandlerFunc {
	return func(c echo.Context) error { return c.String(http.StatusOK, word) }
}

func fails(err error) echo.HandlerFunc {
	return func(echo.Context) error { return err }
}

// readsBody answers with how much it could read.
func readsBody(c echo.Context) error {
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	return c.String(http.StatusOK, fmt.Sprint(len(body)))
}

func serve(t *testing.T, o api.Options) http.Handler {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	h, err := api.New(o)
	require.NoError(t, err)
	return h
}

func request(method, path, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func answer(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestFailuresAreWrittenByTheirOwner(t *testing.T) {
	h := serve(t, api.Options{Dialects: []api.Dialect{
		plain("main", "/api/user/", post("/api/user/login", says("json"), "application/json")),
		plain("forms", "/api/user/", post("/api/user/login", says("form"), "application/x-www-form-urlencoded")),
		plain("portal", "/api/v1/", post("/api/v1/any", says("any"))),
		plain("community", "/api/v1/user/",
			post("/api/v1/user/x", fails(&app.Error{Kind: app.Busy})), post("/api/v1/user/y", fails(&app.Error{Kind: app.TooOften}))),
	}})
	const jsonType, formType = "application/json; charset=utf-8", "application/x-www-form-urlencoded"
	for _, tt := range []struct {
		method, path, mediaType string
		status                  int
		body                    string
	}{
		{"POST", "/api/user/login", jsonType, 200, "json"},
		{"POST", "/api/user/login", formType, 200, "form"},
		{"POST", "/api/user/login", "", 200, "json"},
		{"POST", "/api/user/login", "text/plain", 415, "main: internal"},
		{"POST", "/api/user/login", ";;", 415, "main: internal"},
		{"GET", "/api/user/login", "", 405, "main: internal"},
		{"GET", "/api/user/login", formType, 405, "forms: internal"},
		{"POST", "/api/user/nothing", formType, 404, "forms: internal"},
		{"POST", "/api/user/nothing", jsonType, 404, "main: internal"},
		{"POST", "/api/v1/any", "text/plain", 200, "any"},
		{"POST", "/api/v1/nothing", "", 404, "portal: internal"},
		{"POST", "/api/v1/user/nothing", "", 404, "community: internal"},
		{"POST", "/api/v1/user/x", "", 429, "community: busy"},
		{"POST", "/api/v1/user/y", "", 429, "community: too often"},
		{"POST", "/", "", 404, "main: internal"},
	} {
		r := request(tt.method, tt.path, "some body")
		if tt.mediaType != "" {
			r.Header.Set("Content-Type", tt.mediaType)
		}
		w := answer(h, r)
		require.Equal(t, tt.status, w.Code, "%+v", tt)
		require.Equal(t, tt.body, w.Body.String(), "%+v", tt)
		require.Equal(t, tt.status == 405, strings.Contains(w.Header().Get("Allow"), "POST"), "%+v", tt)
		wait := map[string]string{"community: busy": "1", "community: too often": "60"}[tt.body]
		require.Equal(t, wait, w.Header().Get("Retry-After"), "%+v", tt)
	}
}

func TestClaimedTwice(t *testing.T) {
	for name, dialects := range map[string][]api.Dialect{
		"same media type": {
			plain("a", "/", post("/x", says(""), "application/json")),
			plain("b", "/", post("/x", says(""), "text/plain", "application/json")),
		},
		"both take any": {plain("a", "/", post("/x", says(""))), plain("b", "/", post("/x", says("")))},
	} {
		_, err := api.New(api.Options{Dialects: dialects, Logger: slog.New(slog.DiscardHandler)})
		require.ErrorContains(t, err, "a both serve POST /x", name)
	}
}

func TestServerWithoutDialects(t *testing.T) {
	require.Equal(t, http.StatusNotFound, answer(serve(t, api.Options{}), request("GET", "/x", "")).Code)
}

func TestStatus(t *testing.T) {
	for _, kind := range app.Kinds() {
		want := map[app.Kind]int{app.Busy: 429, app.TooOften: 429}[kind]
		if want == 0 {
			want = 200
		}
		require.Equal(t, want, api.Status(&app.Error{Kind: kind}), kind)
	}
	for code, want := range map[int]int{400: 200, 404: 404, 405: 405, 413: 413, 415: 415, 429: 429, 500: 200, 503: 503} {
		require.Equal(t, want, api.Status(fmt.Errorf("wrapped: %w", echo.NewHTTPError(code))), code)
	}
	require.Equal(t, 200, api.Status(errors.New("defect")))
}

func TestBodyLimit(t *testing.T) {
	for _, tt := range []struct {
		limit  int64
		length int
		status int
	}{
		{0, api.DefaultBodyLimit, 200},
		{0, api.DefaultBodyLimit + 1, 413},
		{10, 10, 200},
		{10, 11, 413},
	} {
		h := serve(t, api.Options{BodyLimit: tt.limit, Dialects: []api.Dialect{plain("main", "/", post("/x", readsBody))}})
		body := strings.Repeat("a", tt.length)
		for name, r := range map[string]*http.Request{
			"announced": request("POST", "/x", body),
			"streamed":  httptest.NewRequest(http.MethodPost, "/x", io.MultiReader(strings.NewReader(body))),
		} {
			require.Equal(t, tt.status, answer(h, r).Code, "%s %+v", name, tt)
		}
	}
}

// TestBodyLimitOfARoute: a route's own limit stands in place of the server's,
// above it and below it, and for that route's media types only.
func TestBodyLimitOfARoute(t *testing.T) {
	route := func(path string, limit int64, mediaTypes ...string) api.Route {
		r := post(path, readsBody, mediaTypes...)
		r.BodyLimit = limit
		return r
	}
	h := serve(t, api.Options{BodyLimit: 10, Dialects: []api.Dialect{plain("main", "/",
		route("/large", 20), route("/small", 5), route("/either", 20, "image/png"), route("/either", 0, "text/plain"),
	)}})
	for _, tt := range []struct {
		path, mediaType string
		length, status  int
	}{
		{"/large", "", 20, 200},
		{"/large", "", 21, 413},
		{"/small", "", 5, 200},
		{"/small", "", 6, 413},
		{"/either", "image/png", 20, 200},
		{"/either", "image/png", 21, 413},
		{"/either", "text/plain", 10, 200},
		{"/either", "text/plain", 11, 413},
		{"/nothing", "", 11, 413},
	} {
		body := strings.Repeat("a", tt.length)
		for name, r := range map[string]*http.Request{
			"announced": request("POST", tt.path, body),
			"streamed":  httptest.NewRequest(http.MethodPost, tt.path, io.MultiReader(strings.NewReader(body))),
		} {
			if tt.path == "/nothing" && name == "streamed" {
				continue // nobody reads it
			}
			r.Header.Set("Content-Type", tt.mediaType)
			require.Equal(t, tt.status, answer(h, r).Code, "%s %+v", name, tt)
		}
	}
}

func TestPanicIsInternal(t *testing.T) {
	var log bytes.Buffer
	h := serve(t, api.Options{
		Logger: slog.New(slog.NewJSONHandler(&log, nil)),
		Dialects: []api.Dialect{plain("main", "/",
			post("/text", func(echo.Context) error { panic("boom") }),
			// An error of a kind that is panicked with is a defect all the same.
			post("/kind", func(echo.Context) error { panic(&app.Error{Kind: app.UserTaken}) }),
		)},
	})
	for _, path := range []string{"/text", "/kind"} {
		log.Reset()
		w := answer(h, request("POST", path, ""))
		require.Equal(t, 200, w.Code)
		require.Equal(t, "main: internal", w.Body.String())
		line := record(t, &log)
		require.Equal(t, "ERROR", line["level"])
		require.Contains(t, line["error"], "server_test.go", "the stack is logged")
	}
}

// record is the one log record there is.
func record(t *testing.T, log *bytes.Buffer) map[string]any {
	t.Helper()
	require.Equal(t, 1, strings.Count(log.String(), "\n"), "one record per request, not:\n%s", log)
	var line map[string]any
	require.NoError(t, json.Unmarshal(log.Bytes(), &line))
	return line
}

func TestAccessLog(t *testing.T) {
	var log bytes.Buffer
	h := serve(t, api.Options{
		Logger: slog.New(slog.NewJSONHandler(&log, nil)), NewRequestID: func() string { return "drawn" },
		Dialects: []api.Dialect{plain("main", "/", post("/people/:name", func(c echo.Context) error {
			api.SetReceipt(c, saga.Receipt{ID: "saga-1"})
			return &app.Error{Kind: app.StorageFailed, Op: "register", Err: errors.New("no route to host")}
		}))},
	})
	r := request("POST", "/people/alice?password=query-secret", "body-secret",
		"Authorization", "Bearer header-secret", "X-Request-Id", "req-1", "Cookie", "cookie-secret")
	w := answer(h, r)
	require.Equal(t, "saga-1", w.Header().Get(api.SagaHeader))
	require.NotContains(t, log.String(), "secret")
	require.NotContains(t, log.String(), "alice")
	line := record(t, &log)
	require.IsType(t, float64(0), line["ms"])
	delete(line, "ms")
	delete(line, "time")
	require.Equal(t, map[string]any{
		"level": "WARN", "msg": "request", "request": "drawn", "client_request": "req-1", "method": "POST", "route": "/people/:name",
		"status": 200.0, "saga": "saga-1", "error": "register: storage failed: no route to host",
	}, line)
}

func TestLogLevels(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	for _, tt := range []struct {
		name  string
		err   error
		ctx   context.Context
		level string
	}{
		{"success", nil, t.Context(), "INFO"},
		{"defect", errors.New("defect"), t.Context(), "ERROR"},
		{"client gone", context.Canceled, gone, "INFO"},
		{"wrong password", &app.Error{Kind: app.BadCredentials}, t.Context(), "INFO"},
		{"Gitea down", &app.Error{Kind: app.DirectoryFailed}, t.Context(), "WARN"},
		{"mail down", &app.Error{Kind: app.MailFailed}, t.Context(), "WARN"},
		{"SMS down", &app.Error{Kind: app.SMSFailed}, t.Context(), "WARN"},
		{"host of a picture down", &app.Error{Kind: app.PictureFailed}, t.Context(), "WARN"},
		{"busy", &app.Error{Kind: app.Busy}, t.Context(), "INFO"},
		{"too large", echo.ErrStatusRequestEntityTooLarge, t.Context(), "INFO"},
	} {
		var log bytes.Buffer
		h := serve(t, api.Options{
			Logger:   slog.New(slog.NewJSONHandler(&log, nil)),
			Dialects: []api.Dialect{plain("main", "/", post("/x", fails(tt.err)))},
		})
		answer(h, request("POST", "/x", "").WithContext(tt.ctx))
		require.Equal(t, tt.level, record(t, &log)["level"], tt.name)
	}
}

// TestRequestID: the server names every request itself; a client cannot choose
// the name under which its request is logged and audited.
func TestRequestID(t *testing.T) {
	for sent, kept := range map[string]string{
		"abc-1.2_Z": "abc-1.2_Z", "": "", "a b": "", "a\"b": "", "中": "",
		strings.Repeat("a", 64): strings.Repeat("a", 64), strings.Repeat("a", 65): "",
	} {
		var log bytes.Buffer
		h := serve(t, api.Options{
			Logger: slog.New(slog.NewJSONHandler(&log, nil)), NewRequestID: func() string { return "drawn" },
		})
		require.Equal(t, "drawn", answer(h, request("GET", "/healthz", "", "X-Request-Id", sent)).Header().Get("X-Request-Id"), sent)
		line := record(t, &log)
		require.Equal(t, "drawn", line["request"])
		if kept == "" {
			require.NotContains(t, line, "client_request", sent)
		} else {
			require.Equal(t, kept, line["client_request"])
		}
	}
	fresh := answer(serve(t, api.Options{}), request("GET", "/healthz", "")).Header().Get("X-Request-Id")
	require.Len(t, fresh, 32, "an id is drawn without a generator too")
}

func TestClientAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.1.2.3/8"), netip.MustParsePrefix("fd00::/8")}
	for _, tt := range []struct {
		trusted       []netip.Prefix
		remote, chain string
		want          string
	}{
		{nil, "203.0.113.9:1", "", "203.0.113.9"},
		{nil, "203.0.113.9:1", "198.51.100.7", "203.0.113.9"},
		{nil, "127.0.0.1:1", "198.51.100.7", "127.0.0.1"},
		{proxies, "127.0.0.1:1", "198.51.100.7", "127.0.0.1"},
		{proxies, "10.0.0.1:1", "198.51.100.7", "198.51.100.7"},
		{proxies, "10.0.0.1:1", "192.0.2.1, 198.51.100.7, 10.9.9.9", "198.51.100.7"},
		{proxies, "10.0.0.1:1", "192.168.0.5", "192.168.0.5"},
		{proxies, "10.0.0.1:1", "garbage", "10.0.0.1"},
		{proxies, "[fd00::1]:1", "2001:db8::1", "2001:db8::1"},
		{nil, "[::ffff:203.0.113.9]:1", "", "203.0.113.9"},
		{nil, "[fe80::1%eth0]:1", "", "fe80::1"},
		{nil, "@", "", ""},
		{proxies, "10.0.0.1:1", "203.0.113.7:51234", "203.0.113.7"},
		{proxies, "10.0.0.1:1", "[2001:db8::7]:443", "2001:db8::7"},
		{proxies, "10.0.0.1:1", "[2001:db8::7]", "2001:db8::7"},
		{proxies, "10.0.0.1:1", "192.0.2.1,203.0.113.7:51234,[fd00::2]:1, 10.9.9.9:80", "203.0.113.7"},
		{proxies, "10.0.0.1:1", "198.51.100.7, unknown", "10.0.0.1"},
		{proxies, "10.0.0.1:1", "198.51.100.7,", "10.0.0.1"},
		{proxies, "10.0.0.1:1", "fe80::1%eth0", "fe80::1"},
		{proxies, "10.0.0.1:1", "::ffff:203.0.113.9", "203.0.113.9"},
	} {
		h := serve(t, api.Options{TrustedProxies: tt.trusted, Dialects: []api.Dialect{
			plain("main", "/", post("/x", func(c echo.Context) error { return c.String(http.StatusOK, c.RealIP()) })),
		}})
		r := request("POST", "/x", "")
		r.RemoteAddr = tt.remote
		if tt.chain != "" {
			r.Header.Set("X-Forwarded-For", tt.chain)
		}
		require.Equal(t, tt.want, answer(h, r).Body.String(), "%+v", tt)
	}
}

// Where proxies set Forwarded, X-Forwarded-For is the client's word, and the other way
// round.
func TestClientAddressOfForwarded(t *testing.T) {
	for chain, want := range map[string]string{
		"for=203.0.113.7":                        "203.0.113.7",
		`for="203.0.113.7:51234";proto=https`:    "203.0.113.7",
		`proto=https; For="[2001:db8::7]:443"`:   "2001:db8::7",
		`for=192.0.2.1, for=203.0.113.7;by=_x`:   "203.0.113.7",
		`for=203.0.113.7, for="10.9.9.9:80"`:     "203.0.113.7",
		`for="192.0.2.1, for=203.0.113.7`:        "203.0.113.7",
		`for=192.0.2.1, for=unknown`:             "10.0.0.1",
		`for=192.0.2.1, for=_hidden;proto=https`: "10.0.0.1",
		`for=192.0.2.1, proto=https`:             "10.0.0.1",
		// RFC 3986 lets a host have these signs, and a client sends what host it likes.
		`proto=http;host="x;for=192.0.2.1";for=203.0.113.7`: "203.0.113.7",
		`proto=http;host="x,for=192.0.2.1";for=203.0.113.7`: "203.0.113.7",
		`for=203.0.113.7;host="x,for=192.0.2.1"`:            "203.0.113.7",
		`for="192.0.2.1, for=203.0.113.7;host="x,y"`:        "203.0.113.7",
		`for=203.0.113.7;host="x";for=192.0.2.1;a=""`:       "10.0.0.1",
		"": "10.0.0.1",
	} {
		for _, header := range []string{"Forwarded", "X-Forwarded-For"} {
			h := serve(t, api.Options{
				TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, ProxyHeader: header,
				Dialects: []api.Dialect{plain("main", "/", post("/x", func(c echo.Context) error { return c.String(http.StatusOK, c.RealIP()) }))},
			})
			r := request("POST", "/x", "", "Forwarded", chain)
			r.RemoteAddr = "10.0.0.1:1"
			if header != "Forwarded" {
				want = "10.0.0.1"
			}
			require.Equal(t, want, answer(h, r).Body.String(), "%s of %s", header, chain)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	w := answer(serve(t, api.Options{}), request("GET", "/nothing", ""))
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Referrer-Policy": "no-referrer",
	} {
		require.Equal(t, want, w.Header().Get(name), name)
	}
}

// TestToken: a token comes in a header, never in the address.
func TestToken(t *testing.T) {
	for sent, want := range map[string]string{
		"": "", "  ": "", "abc": "abc", " abc ": "abc", "Bearer abc": "abc", "bearer  abc": "abc",
		"Bearer": "", "Bearer ": "", "Basic abc": "Basic abc",
	} {
		var got app.Secret
		h := serve(t, api.Options{Dialects: []api.Dialect{plain("main", "/", post("/x", func(c echo.Context) error {
			got = api.Token(c)
			return nil
		}))}})
		answer(h, request("POST", "/x?token=q&access_token=q&accessToken=q", "", "Authorization", sent))
		require.Equal(t, want, got.Reveal(), "Authorization %q", sent)
		answer(h, request("POST", "/x", "", "Authorization", sent, "Jwt", " other "))
		require.Equal(t, cmp.Or(want, orOther(sent)), got.Reveal(), "Authorization %q beside Jwt", sent)
	}
}

// orOther is the Jwt header's token where no Authorization was sent.
func orOther(authorization string) string {
	if strings.TrimSpace(authorization) == "" {
		return "other"
	}
	return ""
}

func TestReceiptWithoutIDLeavesNoHeader(t *testing.T) {
	h := serve(t, api.Options{Dialects: []api.Dialect{plain("main", "/", post("/x", func(c echo.Context) error {
		api.SetReceipt(c, saga.Receipt{})
		return nil
	}))}})
	require.NotContains(t, answer(h, request("POST", "/x", "")).Header(), api.SagaHeader)
}

// TestRefusedAuthenticationIsLogged: one line with the server's id, the client's
// network, digests, and the reason; and nothing that was typed.
func TestRefusedAuthenticationIsLogged(t *testing.T) {
	var log bytes.Buffer
	var refused []app.Refusal
	digests := app.NewDigests([]byte("key"))
	h := serve(t, api.Options{
		Logger: slog.New(slog.NewJSONHandler(&log, nil)), NewRequestID: func() string { return "drawn" }, Digests: digests,
		Observe: func(a api.Answered) { refused = append(refused, a.Refused) },
		Dialects: []api.Dialect{plain("main", "/", post("/login", func(c echo.Context) error {
			require.Equal(t, app.Place{Address: "192.0.2.1", Program: "Firefox", System: "Linux"}, app.CallerOf(c.Request().Context()).Place)
			return &app.Error{Kind: app.BadCredentials, Op: "sign in"}
		}))},
	})
	answer(h, request("POST", "/login?name=typed-name", "typed-password", "X-Login-Device", "http://evil.test",
		"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0"))
	require.NotContains(t, log.String(), "typed-")
	require.NotContains(t, log.String(), "evil")
	line := record(t, &log)
	for _, field := range []string{"level", "msg", "time", "ms"} {
		delete(line, field)
	}
	require.Equal(t, map[string]any{
		"request": "drawn", "method": "POST", "route": "/login", "status": 200.0, "error": "sign in: bad credentials",
		"refused": "unknown account", "dialect": "main", "client": "192.0.2.0/24",
	}, line)
	require.Equal(t, []app.Refusal{app.RefusedUnknown}, refused)
}

// TestAStrangeClientNamesNoDevice: what is mailed of a device is of closed lists.
func TestAStrangeClientNamesNoDevice(t *testing.T) {
	for _, agent := range []string{"", "www.evil.test/1.0", "http://evil.test", strings.Repeat("Firefox ", 5000), "Mozilla/5.0 (evil.test; x) evil/1"} {
		h := serve(t, api.Options{Dialects: []api.Dialect{plain("main", "/", post("/x", func(c echo.Context) error {
			require.NotContains(t, app.CallerOf(c.Request().Context()).Place.Device(), "evil")
			return nil
		}))}})
		answer(h, request("POST", "/x", "", "User-Agent", agent))
	}
}
