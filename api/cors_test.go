package api_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"accord/api"
)

func crossOrigin(t *testing.T, o api.Options) http.Handler {
	t.Helper()
	change := post("/api/user/thing", says("changed"), "application/json")
	change.Method = http.MethodPut
	o.Dialects = []api.Dialect{plain("main", "/api/", post("/api/user/login", says("in"), "application/json"), change,
		post("/api/user/thing", says("made"), "application/json"))}
	return serve(t, o)
}

func preflight(h http.Handler, path, origin string) *httptest.ResponseRecorder {
	return answer(h, request(http.MethodOptions, path, "", "Origin", origin,
		"Access-Control-Request-Method", http.MethodPost, "Access-Control-Request-Headers", "authorization,content-type"))
}

func TestPagesOfAllowedOrigins(t *testing.T) {
	h := crossOrigin(t, api.Options{AllowedOrigins: []string{"https://app.example.com", "http://localhost:*"}})
	for origin, allowed := range map[string]bool{
		"https://app.example.com":      true,
		"https://app.example.com:8443": false,
		"http://app.example.com":       false,
		"https://app.example.com.evil": false,
		"https://evil.app.example.com": false,
		"http://localhost":             true,
		"http://localhost:5173":        true,
		"http://localhost:5173.evil":   false,
		"http://localhost:":            false,
		"http://localhost.evil":        false,
		"https://localhost:5173":       false,
		"http://localhost:*":           false,
		"null":                         false,
	} {
		w := preflight(h, "/api/user/login", origin)
		require.Equal(t, http.StatusNoContent, w.Code)
		named := map[bool]string{true: origin}[allowed]
		require.Equal(t, named, w.Header().Get("Access-Control-Allow-Origin"), origin)
		require.Contains(t, w.Header().Values("Vary"), "Origin", origin)
		w = answer(h, request(http.MethodPost, "/api/user/login", "{}", "Origin", origin, "Content-Type", "application/json"))
		require.Equal(t, named, w.Header().Get("Access-Control-Allow-Origin"), origin)
		require.Contains(t, w.Header().Values("Vary"), "Origin", origin)
		require.Equal(t, "in", w.Body.String())
	}
}

func TestPreflightsAreAnsweredByRoute(t *testing.T) {
	h := crossOrigin(t, api.Options{AllowedOrigins: []string{"*"}})
	for path, methods := range map[string]string{
		"/api/user/login": "OPTIONS, POST", "/api/user/thing": "OPTIONS, POST, PUT",
	} {
		w := preflight(h, path, "https://any.example.com")
		require.Equal(t, http.StatusNoContent, w.Code)
		require.Equal(t, methods, w.Header().Get("Access-Control-Allow-Methods"), path)
		require.Equal(t, "authorization,content-type", w.Header().Get("Access-Control-Allow-Headers"))
		require.Equal(t, "600", w.Header().Get("Access-Control-Max-Age"))
		require.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"))
	}
	w := preflight(h, "/api/user/nothing", "https://any.example.com")
	require.Contains(t, w.Header().Get("Access-Control-Allow-Methods"), "POST", "its page can read the 404")
}

// Failures are read by pages like answers, with what they need to go on.
func TestPagesReadFailures(t *testing.T) {
	h := crossOrigin(t, api.Options{AllowedOrigins: []string{"https://app.example.com"}, AllowCredentials: true})
	for path, status := range map[string]int{"/api/user/login": http.StatusMethodNotAllowed, "/api/user/nothing": http.StatusNotFound} {
		w := answer(h, request(http.MethodGet, path, "", "Origin", "https://app.example.com"))
		require.Equal(t, status, w.Code)
		require.Equal(t, "https://app.example.com", w.Header().Get("Access-Control-Allow-Origin"))
		require.Equal(t, "true", w.Header().Get("Access-Control-Allow-Credentials"))
		exposed := strings.Split(w.Header().Get("Access-Control-Expose-Headers"), ",")
		require.Subset(t, exposed, []string{echo.HeaderRetryAfter, echo.HeaderXRequestID, api.SagaHeader, api.PendingHeader, "Idempotency-Replayed"})
	}
}

func TestNoOriginIsAllowedByDefault(t *testing.T) {
	h := crossOrigin(t, api.Options{})
	w := preflight(h, "/api/user/login", "https://app.example.com")
	require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
}
