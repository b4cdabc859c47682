package community_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/api/community"
	"accord/api/wiretest/stage"
)

// envelope is an answer, read back.
type envelope struct {
	Code int
	Data struct {
		Token string
		UID   int64
	}
	Msg string
}

// ask sends a request to the stage, with the token if there is one, and returns
// the answer's status and body.
func ask(t *testing.T, s *stage.Stage, method, path, mediaType, token, body string) (int, envelope) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", mediaType)
	if token != "" {
		r.Header.Set("Authorization", token)
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var got envelope
	require.NoError(t, json.NewDecoder(bytes.NewReader(text)).Decode(&got), "%s %s answers %q", method, path, text)
	return res.StatusCode, got
}

const asJSON = "application/json"

// member makes an account through the main dialect and returns its number.
func member(t *testing.T, s *stage.Stage, name string) int64 {
	t.Helper()
	body := `{"username":"` + name + `","email":"` + name + `@example.com","password":"1qazxsw2"}`
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/user/registerIndividual", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", asJSON)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	_, got := ask(t, s, http.MethodGet, "/api/v1/user/uid?name="+name, asJSON, "", "")
	require.Equal(t, 200, got.Code)
	return got.Data.UID
}

// signIn returns a token of the member.
func signIn(t *testing.T, s *stage.Stage, name string) string {
	t.Helper()
	_, got := ask(t, s, http.MethodPost, "/api/v1/user/login", asJSON, "", `{"email":"`+name+`@example.com","password":"1qazxsw2"}`)
	require.Equal(t, 200, got.Code)
	return got.Data.Token
}

// quiet waits until every saga has ended.
func quiet(t *testing.T, s *stage.Stage) {
	t.Helper()
	require.Eventually(t, func() bool {
		return slices.Equal(s.Texts(t, "SELECT count(*) FROM sagas WHERE runnable = 1"), []string{"0"})
	}, 10*time.Second, 5*time.Millisecond, "the sagas end")
}

// TestBadBodiesWriteNothing: whatever is no good request changes nothing at any
// endpoint, whoever sends it, and is answered in the dialect's own way.
func TestBadBodiesWriteNothing(t *testing.T) {
	s := newStage(t, true)
	member(t, s, "alice")
	s.Setup(t, []string{"role", "alice", "super-administrator"})
	token := signIn(t, s, "alice")
	quiet(t, s)
	before := s.State(t)
	for _, bad := range []struct {
		mediaType, body string
		status          int
	}{
		{asJSON, "", 200},
		{asJSON, "{", 200},
		{asJSON, "[]", 200},
		{asJSON, `"x"`, 200},
		{asJSON, "{}", 200},
		{asJSON, "null", 200},
		{asJSON, `{"email":[],"code":{},"password":true,"name":7,"avatar":false,"id":"x","role":1e3,"captchaId":1,"x":{},"spacecover":0}`, 200},
		{asJSON, `{"email":"a\u0000b","code":"\ud800","password":"1qazxsw2","name":"\u0007","avatar":"","id":1.5,"spacecover":"\u0000"}`, 200},
		{asJSON, strings.Repeat("[", 400_000), 200},
		{asJSON, `{"email":"` + strings.Repeat("a", 2<<20) + `@example.com"}`, 413},
		{"application/x-www-form-urlencoded", "email=alice", 415},
		{"garbled;;", "{}", 415},
	} {
		for _, route := range community.New(community.Options{}).Routes {
			if route.Method != http.MethodPost {
				continue
			}
			for _, by := range []string{"", token} {
				status, got := ask(t, s, route.Method, route.Path, bad.mediaType, by, bad.body)
				what := route.Path + " " + bad.body[:min(len(bad.body), 40)]
				require.Equal(t, bad.status, status, what)
				want := []int{400, 401}
				if status != http.StatusOK {
					want = []int{status}
				}
				require.Contains(t, want, got.Code, what)
				require.NotEmpty(t, got.Msg)
			}
		}
	}
	require.Equal(t, before, s.State(t))
}

// TestBadQueriesWriteNothing: the same for what comes in an address.
func TestBadQueriesWriteNothing(t *testing.T) {
	s := newStage(t, true)
	member(t, s, "alice")
	s.Setup(t, []string{"role", "alice", "administrator"})
	token := signIn(t, s, "alice")
	quiet(t, s)
	before := s.State(t)
	for _, path := range []string{
		"resetpwd/check", "resetpwd/check?eamil=%00", "resetpwd/check?email=" + strings.Repeat("a", 20_000), "resetpwd/check?eamil=%ff@b.cn",
		"info/other?uid=%00", "info/other?uid=1e3", "info/other", "uid", "uid?name=",
		"manage/list?page=1;drop", "manage/list?page=%00", "manage/list?page_size=99999999999999999999",
		"manage/search", "manage/search?keyword=%ff", "manage/search&", "manage/search&keyword", "manage/search&keyword=%ff",
		"manage/search&a;b", "manage/search&keyword=" + strings.Repeat("a", 65), "manage/search&keyword=a?page=x",
	} {
		status, got := ask(t, s, http.MethodGet, "/api/v1/user/"+path, asJSON, token, "")
		require.Equal(t, http.StatusOK, status, path)
		if path == "manage/list?page=1;drop" { // of a query that cannot be read nothing is left
			require.Equal(t, 200, got.Code)
			before = s.State(t) // the trail has the reading
			continue
		}
		require.Equal(t, 400, got.Code, path)
	}
	for _, path := range []string{"uid?name=%ff", "uid?name=" + strings.Repeat("a", 20_000), "info/other?uid=-9223372036854775808"} {
		_, got := ask(t, s, http.MethodGet, "/api/v1/user/"+path, asJSON, "", "")
		require.Equal(t, 404, got.Code, path)
	}
	require.Equal(t, before, s.State(t))
}
