package sms

import (
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// gateway is a provider's server inside this process.
type gateway struct {
	*httptest.Server

	requests atomic.Int32
}

// serve starts a gateway whose certificate roots() vouches for. Each request's
// body is read before the handler runs.
func serve(t *testing.T, handler http.HandlerFunc) *gateway {
	t.Helper()
	g := &gateway{}
	g.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.requests.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		handler(w, r)
	}))
	g.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it is the client's view that is tested
	g.StartTLS()
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(g.Certificate())
	return pool
}

func (g *gateway) host() string { return strings.TrimPrefix(g.URL, "https://") }

func say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// success is what either provider of remote() takes for a yes.
const success = `{"Code":"OK"}`

// remote makes each provider that speaks to a server, for the tests that say
// what all of them owe.
func remote() map[string]func(*testing.T, *gateway, time.Duration) app.SMS {
	return map[string]func(*testing.T, *gateway, time.Duration) app.SMS{
		"http": func(t *testing.T, g *gateway, timeout time.Duration) app.SMS {
			t.Helper()
			h, err := NewHTTP(HTTPOptions{
				URL: g.URL + "/send?key=" + testKey, Body: `{"to":"{{.Number}}","code":"{{.Code}}"}`,
				Headers:      map[string]app.Secret{"Authorization": "Bearer " + testKey},
				SuccessField: "Code", SuccessValue: "OK", RootCAs: g.roots(), Timeout: timeout,
			})
			require.NoError(t, err)
			return h
		},
		"aliyun": func(t *testing.T, g *gateway, timeout time.Duration) app.SMS {
			t.Helper()
			a, err := NewAliyun(AliyunOptions{
				AccessKeyID: "LTAI-test", AccessKeySecret: testKey, Endpoint: g.host(), RootCAs: g.roots(), Timeout: timeout,
				Templates: []AliyunTemplate{{SignName: "无限", TemplateCode: "SMS_1"}},
			})
			require.NoError(t, err)
			return a
		},
	}
}
