package registry_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api/registry"
	"accord/api/wiretest/stage"
)

// ask sends a request to the stage and returns the answer's status and body.
func ask(t *testing.T, s *stage.Stage, method, path, mediaType, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", mediaType)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(got)
}

// TestBadBodiesWriteNothing: whatever is no good request changes nothing at any
// endpoint and is told as a bare text.
func TestBadBodiesWriteNothing(t *testing.T) {
	s := newStage(t, false)
	before := s.State(t)
	const json, form = "application/json", "application/x-www-form-urlencoded"
	for _, bad := range []struct {
		mediaType, body string
		status          int
	}{
		{json, "", 400},
		{json, "{", 400},
		{json, "[]", 400},
		{json, `"x"`, 400},
		{json, "{}", 400},
		{json, "null", 400},
		{json, `{"username":7,"email":[],"phone":{},"code":{},"password":true,"password1":false,"nickname":1.5}`, 400},
		{json, `{"email":"a@example.com","phone":"13800138000","username":"a\u0000b","password":"\ud800","password1":"1qazxsw2"}`, 400},
		{json, strings.Repeat("[", 400_000), 400},
		{json, `{"email":"` + strings.Repeat("a", 2<<20) + `@example.com"}`, 413},
		{form, "", 400},
		{form, "=cquo8g", 400},
		{form, "email=%zz", 400},
		{form, "email=nobody&phone=1", 400},
		{form, "email=a%00%40example.com", 400},
		{form, "phone=" + strings.Repeat("1", 100_000), 400},
		{form, "email=" + strings.Repeat("a", 2<<20), 413},
		{"text/plain", "{}", 415},
		{"garbled;;", "{}", 415},
		{"multipart/form-data; boundary=x", "--x--", 415},
	} {
		for _, route := range registry.New(registry.Options{}).Routes {
			want := bad.status
			if bad.body != "" && strings.HasPrefix(bad.mediaType, "application/") && route.MediaTypes[0] != bad.mediaType && want != http.StatusRequestEntityTooLarge {
				want = http.StatusUnsupportedMediaType
			}
			status, body := ask(t, s, route.Method, route.Path, bad.mediaType, bad.body)
			what := route.Path + " " + bad.body[:min(len(bad.body), 40)]
			require.Equal(t, want, status, what)
			require.True(t, strings.HasPrefix(body, `"`) && len(body) > len(`""`), "%s answers %s", what, body)
		}
	}
	require.Equal(t, before, s.State(t))
}
