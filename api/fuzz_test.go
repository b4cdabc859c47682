package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/app"
)

// kept is an app.Answers that has this one answer to every key; empty, none.
type kept []byte

func (k kept) Begin(context.Context, string, []byte, time.Time, time.Time) (app.Asked, error) {
	if len(k) == 0 {
		return app.Asked{Claim: 1}, nil
	}
	return app.Asked{Answer: k}, nil
}

func (kept) Keep(context.Context, int64, []byte, time.Time) error { return nil }
func (kept) Drop(context.Context, int64) error                    { return nil }

// FuzzHeaders sends any header where the server reads one, and has any answer
// kept to an idempotency key: what handlers learn is bounded and printable, and
// the log stays one line of JSON for each request, without the token.
func FuzzHeaders(f *testing.F) {
	headers := []string{
		"X-Login-Device", "User-Agent", "Accept-Language", "Authorization", "Jwt", "X-Forwarded-For", "X-Request-Id", "Idempotency-Key", "Content-Type",
	}
	const token = "header.claims.signature"
	for _, value := range []string{
		"", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36", "我的电脑\x01", "\xff\xfe",
		"en;q=0.3, zh-Hant-x-private;q=0.9, *", "Bearer " + token, "bearer", "1.2.3.4, ::ffff:5.6.7.8, fe80::1%eth0, x", "a\nlevel=ERROR", "text/html; charset=\"",
		"curl/8 (Macintosh; Intel Mac OS X 1_2_3; bot; +https://x) Version/1;;;//", "key-1",
	} {
		for i := range headers {
			f.Add(uint8(i), value, []byte(`{"status":200,"header":{"A":["b"]},"body":"eA=="}`))
		}
	}
	for _, answer := range []string{"", "{", "null", `{"status":99}`, `{"status":-1,"header":{"\n":["\r\nx"]}}`, `{"status":1000000}`, `[]`, `{"Status":204,"Body":"eA=="}`} {
		f.Add(uint8(7), "key-1", []byte(answer))
	}
	f.Fuzz(func(t *testing.T, which uint8, value string, answer []byte) {
		var log bytes.Buffer
		look := func(c echo.Context) error {
			device := api.Device(c.Request().Header)
			require.LessOrEqual(t, utf8.RuneCountInString(device), 255)
			require.True(t, utf8.ValidString(device))
			for _, r := range device {
				require.True(t, unicode.IsPrint(r), "%q", device)
			}
			require.Contains(t, []string{api.Chinese, api.English}, api.Language(c))
			if address := c.RealIP(); address != "" {
				_, err := netip.ParseAddr(address)
				require.NoError(t, err)
			}
			api.Token(c)
			return c.String(http.StatusOK, "done")
		}
		h, err := api.New(api.Options{
			Dialects: []api.Dialect{plain("main", "/", post("/x", look, "application/json"))}, Logger: slog.New(slog.NewJSONHandler(&log, nil)),
			TrustedProxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Answers: kept(answer), Now: time.Now,
		})
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "/x", nil)
		r.Header.Set(headers[int(which)%len(headers)], value)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		require.True(t, w.Code >= 200 && w.Code <= 599, w.Code)
		require.NotContains(t, w.Body.String(), "panic")
		require.NotContains(t, log.String(), "panic")
		require.NotContains(t, log.String(), token)
		var line map[string]any
		require.NoError(t, json.Unmarshal(log.Bytes(), &line), "one line of JSON: %s", log.String())
		id, _ := line["request"].(string)
		require.Regexp(t, `^[0-9A-Za-z._-]{1,64}$`, id)
		require.Equal(t, id, w.Header().Get("X-Request-Id"))
	})
}
