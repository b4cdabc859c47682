package session_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api/wiretest/stage"
	"accord/app"
)

type answer struct {
	Code string `json:"code"`
	Data struct {
		AccessToken string `json:"accessToken"`
	} `json:"data"`
}

func post(t *testing.T, w *stage.Stage, path, body string, header ...string) (int, answer) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var got answer
	require.NoError(t, json.Unmarshal(text, &got), "%s", text)
	return res.StatusCode, got
}

// inhabited is a world with a signed-in user, and the access token.
func inhabited(t *testing.T) (*stage.Stage, string) {
	t.Helper()
	w := newWorld(t)
	person := `{"username":"alice","email":"alice@example.com","password":"1qazxsw2"}`
	_, got := post(t, w, "/api/user/registerIndividual", person)
	require.Equal(t, "General.Success", got.Code)
	_, got = post(t, w, "/api/user/login", person)
	require.Equal(t, "General.Success", got.Code)
	return w, got.Data.AccessToken
}

func TestBadBodiesWriteNothing(t *testing.T) {
	w, token := inhabited(t)
	before := w.State(t)
	for name, tt := range map[string]struct {
		body   string
		header []string
		status int
	}{
		"over the limit":         {`{"name":"` + strings.Repeat("m", 2<<20) + `"}`, nil, 413},
		"nesting":                {strings.Repeat("[", 400_000), nil, 200},
		"broken":                 {`{"name":"work"`, nil, 200},
		"two objects":            {`{"name":"work"}{"name":"work"}`, nil, 200},
		"an array":               {`[{"name":"work"}]`, nil, 200},
		"nothing":                {"", nil, 200},
		"null":                   {"null", nil, 200},
		"a number for a name":    {`{"name":7}`, nil, 200},
		"an escaped NUL":         {`{"name":"wo\u0000rk"}`, nil, 200},
		"not UTF-8":              {"{\"name\":\"wo\xffrk\"}", nil, 200},
		"another's":              {`{"name":"../bob/work"}`, nil, 200},
		"an encoded path":        {`{"name":"%2e%2e"}`, nil, 200},
		"a text for a switch":    {`{"name":"work","private":"false"}`, nil, 200},
		"a number for a switch":  {`{"name":"work","autoInit":1}`, nil, 200},
		"a form":                 {"name=work", []string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		"a garbled content type": {`{"name":"work"}`, []string{"Content-Type", ";;;"}, 415},
	} {
		status, got := post(t, w, "/api/session/repositories", tt.body, append(tt.header, "Authorization", token)...)
		require.Equal(t, tt.status, status, name)
		if status == http.StatusOK {
			require.Equal(t, "General.ParameterInvalid", got.Code, name)
		}
	}
	require.Equal(t, before, w.State(t))
	_, got := post(t, w, "/api/session/repositories", `{"name":"work"}`, "Authorization", "Bearer "+token)
	require.Equal(t, "General.Success", got.Code)
}

// The endpoint serves the token's own user, with no way to name another.
func TestSessionsThatEndedCreateNothing(t *testing.T) {
	w, token := inhabited(t)
	_, got := post(t, w, "/api/user/logout", "", "Authorization", token)
	require.Equal(t, "General.Success", got.Code)
	before := w.State(t)
	_, got = post(t, w, "/api/session/repositories", `{"name":"work"}`, "Authorization", token)
	require.Equal(t, "General.TokenInvalid", got.Code)
	require.Equal(t, before, w.State(t))
}

// A user that lost the mark in Gitea is another's, and gets nothing.
func TestUnmarkedUsersGetNothing(t *testing.T) {
	w, token := inhabited(t)
	id := w.Directory.Entries()[0].ID
	mark := w.Directory.Entries()[0].Mark
	require.NoError(t, w.Directory.UnmarkUser(t.Context(), id, app.DirectoryRef{AccountID: mark, Username: "alice"}))
	_, got := post(t, w, "/api/session/repositories", `{"name":"work"}`, "Authorization", token)
	require.Equal(t, "General.GiteaServerError", got.Code)
	require.Empty(t, w.Directory.Entries()[0].Repositories)
}
