package portal_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api/portal"
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
// endpoint and is answered in the dialect's own way.
func TestBadBodiesWriteNothing(t *testing.T) {
	s := newStage(t)
	before := s.State(t)
	const json = "application/json"
	for _, bad := range []struct {
		mediaType, body string
		status          int
	}{
		{json, "", 200},
		{json, "{", 200},
		{json, "[]", 200},
		{json, `"x"`, 200},
		{json, "{}", 200},
		{json, "null", 200},
		{json, `{"username":7,"email":[],"code":{},"password":true,"repassword":false}`, 200},
		{json, `{"username":"a\u0000b","email":"\ud800","code":"x","password":"1qazxsw2","repassword":"1qazxsw2"}`, 200},
		{json, strings.Repeat("[", 400_000), 200},
		{json, `{"email":"` + strings.Repeat("a", 2<<20) + `@example.com"}`, 413},
		{"application/x-www-form-urlencoded", "username=alice", 415},
		{"garbled;;", "{}", 415},
	} {
		for _, route := range portal.New(portal.Options{}).Routes {
			if route.Method != http.MethodPost {
				continue
			}
			status, body := ask(t, s, route.Method, route.Path, bad.mediaType, bad.body)
			what := route.Path + " " + bad.body[:min(len(bad.body), 40)]
			require.Equal(t, bad.status, status, what)
			require.True(t, slices.ContainsFunc([]string{`{"code":1001,`, `{"code":1002,`, `{"code":1007,`}, func(code string) bool {
				return strings.HasPrefix(body, code)
			}), "%s answers %s", what, body)
		}
	}
	require.Equal(t, before, s.State(t))
}
