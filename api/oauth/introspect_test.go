package oauth_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/api/oauth"
	"accord/app"
	"accord/app/verify"
)

const (
	secret    = "0123456789abcdef0123456789abcdef"
	goodToken = "header.claims.signature"
	form      = "application/x-www-form-urlencoded"
)

var now = time.Unix(1_800_000_000, 0)

// domain knows one token.
type domain struct{ err error }

func (d domain) Introspect(_ context.Context, token app.Secret) (app.Claims, app.Account, bool, error) {
	if d.err != nil || token != goodToken {
		return app.Claims{}, app.Account{}, false, d.err
	}
	return app.Claims{UserID: 7, SessionID: "sid", IssuedAt: now, ExpiresAt: now.Add(time.Hour)}, app.Account{Username: "alice"}, true, nil
}

// budgets count in memory.
type budgets struct {
	mu     sync.Mutex
	counts map[string]verify.Count
	err    error
}

func (b *budgets) Charge(_ context.Context, charges []verify.Charge, now time.Time) ([]verify.Hold, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	count, wait := b.counts[charges[0].Key].Next(charges[0].Limit, now)
	b.counts[charges[0].Key] = count
	if wait > 0 {
		return []verify.Hold{{Charge: charges[0], Wait: wait}}, b.err
	}
	return nil, b.err
}

func (b *budgets) Settle(context.Context, []string, []verify.Receipt) error { return nil }

func (b *budgets) failed() (n int) {
	for _, c := range b.counts {
		n += c.Spent
	}
	return n
}

type desk struct {
	t       *testing.T
	log     strings.Builder
	budgets *budgets
	now     time.Time
	handler http.Handler
}

func newDesk(t *testing.T, change func(*oauth.Options)) *desk {
	t.Helper()
	clients, err := oauth.ParseClients("billing:" + secret + "\n\n wiki:" + secret + "wiki \r\n")
	require.NoError(t, err)
	d := &desk{t: t, budgets: &budgets{counts: map[string]verify.Count{}}, now: now}
	o := oauth.Options{
		Service: domain{}, Issuer: "https://accord.test", Clients: clients,
		Admission: verify.New(verify.Options{Budgets: d.budgets, Now: func() time.Time { return d.now }}),
		Charges: func(address string) []verify.Charge {
			if address == "10.0.0.1" {
				return nil
			}
			return []verify.Charge{{Key: address, Limit: verify.Limit{
				Free: 3, Delay: time.Minute, MaxDelay: time.Hour, LockAfter: 5, LockFor: time.Hour,
			}}}
		},
		Now: func() time.Time { return d.now },
	}
	if change != nil {
		change(&o)
	}
	d.handler, err = api.New(api.Options{
		Dialects: []api.Dialect{oauth.New(o)}, Logger: slog.New(slog.NewTextHandler(&d.log, nil)),
	})
	require.NoError(t, err)
	return d
}

func (d *desk) ask(id, secret, mediaType, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/oauth/introspect", strings.NewReader(body))
	r.Header.Set("Content-Type", mediaType)
	if id != "" {
		r.SetBasicAuth(id, secret)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	require.Equal(d.t, "no-store", w.Header().Get("Cache-Control"))
	require.Contains(d.t, w.Header().Get("Content-Type"), "application/json")
	return w
}

func TestTheWordOnAToken(t *testing.T) {
	d := newDesk(t, nil)
	w := d.ask("billing", secret, form, "token_type_hint=access_token&token="+goodToken)
	require.Equal(t, http.StatusOK, w.Code)
	require.JSONEq(t, `{"active":true,"token_type":"Bearer","iss":"https://accord.test","sub":"7","sid":"sid","username":"alice",
		"iat":1800000000,"exp":1800003600}`, w.Body.String())
	for _, token := range []string{"another", strings.Repeat("x", 8000), "%00"} {
		w = d.ask("wiki", secret+"wiki", form+"; charset=utf-8", "token="+token)
		require.Equal(t, http.StatusOK, w.Code)
		require.JSONEq(t, `{"active":false}`, w.Body.String())
	}
	require.NotContains(t, d.log.String(), goodToken)
	require.NotContains(t, d.log.String(), secret)
}

func TestWhoMayNotAsk(t *testing.T) {
	for name, who := range map[string][2]string{
		"nobody": {}, "an unknown client": {"other", secret}, "a wrong secret": {"billing", secret[1:]},
		"another's secret": {"billing", secret + "wiki"}, "no secret": {"billing", ""}, "a garbled secret": {"billing", "%zz"},
		"no id": {":", secret},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, nil)
			w := d.ask(who[0], who[1], form, "token="+goodToken)
			require.Equal(t, http.StatusUnauthorized, w.Code)
			require.Contains(t, w.Header().Get("WWW-Authenticate"), `Basic realm=`)
			require.Contains(t, w.Body.String(), `"error":"invalid_client"`)
			require.NotContains(t, d.log.String(), "level=ERROR")
		})
	}
	d := newDesk(t, nil)
	require.Equal(t, http.StatusUnauthorized, d.ask("", "", form, "token=x", "Authorization", "Bearer "+goodToken).Code)

	none := newDesk(t, func(o *oauth.Options) { o.Clients = nil })
	w := none.ask("billing", secret, form, "token="+goodToken)
	require.Equal(t, http.StatusNotFound, w.Code)
	require.Contains(t, w.Body.String(), "no introspection client is configured")
}

func TestRequestsThatAreNone(t *testing.T) {
	d := newDesk(t, nil)
	for body, status := range map[string]int{
		"": 400, "token=": 400, "token=a&token=b": 400, "other=x": 400, "token=%zz": 400, strings.Repeat("x", 20<<10): 413,
	} {
		w := d.ask("billing", secret, form, body)
		require.Equal(t, status, w.Code, "%.20s", body)
		require.Contains(t, w.Body.String(), `"error":"invalid_request"`)
	}
	require.Equal(t, http.StatusUnsupportedMediaType, d.ask("billing", secret, "application/json", `{"token":"x"}`).Code)
	require.Equal(t, http.StatusBadRequest, d.ask("billing", secret, "", "token="+goodToken).Code)
	require.NotContains(t, d.log.String(), "level=ERROR")
}

// A fault must never read as a word on the token.
func TestFaults(t *testing.T) {
	d := newDesk(t, func(o *oauth.Options) { o.Service = domain{errors.New("the database is away")} })
	w := d.ask("billing", secret, form, "token="+goodToken)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.JSONEq(t, `{"error":"temporarily_unavailable"}`, w.Body.String())
	require.Contains(t, d.log.String(), "the database is away")
	for _, kind := range app.Kinds() {
		d := newDesk(t, func(o *oauth.Options) { o.Service = domain{&app.Error{Kind: kind}} })
		w := d.ask("billing", secret, form, "token="+goodToken)
		require.GreaterOrEqual(t, w.Code, 400, kind.String())
		require.Contains(t, w.Body.String(), `"error":"`, kind.String())
		require.NotContains(t, w.Body.String(), "active", kind.String())
	}
}

func TestWrongSecretsAreBounded(t *testing.T) {
	d := newDesk(t, nil)
	d.budgets.err = nil
	wrong := func() *httptest.ResponseRecorder { return d.ask("billing", "wrong", form, "token="+goodToken) }
	right := func() int { return d.ask("billing", secret, form, "token="+goodToken).Code }
	for range 3 {
		require.Equal(t, http.StatusUnauthorized, wrong().Code)
	}
	require.Equal(t, http.StatusOK, right(), "a right secret is not counted")
	require.Equal(t, 3, d.budgets.failed())
	w := wrong()
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "60", w.Header().Get("Retry-After"))
	require.Equal(t, http.StatusTooManyRequests, right(), "nothing is learnt while the address has to wait")
	require.Equal(t, 3, d.budgets.failed())
	d.now = d.now.Add(time.Minute)
	require.Equal(t, http.StatusOK, right())
	require.Equal(t, http.StatusUnauthorized, wrong().Code)

	exempt := newDesk(t, func(o *oauth.Options) { o.Charges = func(string) []verify.Charge { return nil } })
	free := newDesk(t, func(o *oauth.Options) {
		o.Charges = func(string) []verify.Charge { return []verify.Charge{{Key: "free"}} }
	})
	for _, d := range []*desk{exempt, free} {
		for range 10 {
			require.Equal(t, http.StatusUnauthorized, d.ask("billing", "wrong", form, "token=x").Code)
		}
		require.Zero(t, d.budgets.failed())
	}

	away := newDesk(t, nil)
	away.budgets.err = errors.New("the database is away")
	require.Equal(t, http.StatusServiceUnavailable, away.ask("billing", "wrong", form, "token=x").Code)
}

func TestParseClients(t *testing.T) {
	for lines, fault := range map[app.Secret]string{
		"billing": "line 1 is not", "billing:short": "line 1 is shorter", ":" + secret: "line 1 is not",
		"a:" + secret + "\nb b:" + secret: "line 2 is not", "a:" + secret + "+": "line 1 is not",
		"a:" + secret + "\na:" + secret: "line 2 has the id of another",
	} {
		_, err := oauth.ParseClients(lines)
		require.ErrorContains(t, err, fault)
		require.NotContains(t, err.Error(), secret)
	}
	clients, err := oauth.ParseClients("\n")
	require.NoError(t, err)
	require.Empty(t, clients)
}
