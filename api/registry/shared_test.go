package registry_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api/wiretest/stage"
)

const password = `"password":"1qazxsw2"`

// register makes an account through this dialect.
func register(t *testing.T, s *stage.Stage, name string) {
	t.Helper()
	email := `"email":"` + name + `@example.com"`
	for _, call := range []struct{ method, path, more string }{
		{http.MethodPost, "checkEmail", ""},
		{http.MethodPost, "verifyEmail", ""},
		{http.MethodPut, "save", `,"username":"` + name + `","nickname":"Somebody",` + password},
	} {
		if call.path == "verifyEmail" {
			call.more = `,"code":"` + s.SentCode(t, name+"@example.com") + `"`
		}
		status, body := ask(t, s, call.method, "/registry/"+call.path, "application/json", "{"+email+call.more+"}")
		require.Equal(t, http.StatusOK, status, call.path)
		require.Equal(t, "true\n", body)
	}
}

// TestAccountsAreShared: an account of either dialect signs in through both, and
// either's token is good for the other's calls.
func TestAccountsAreShared(t *testing.T) {
	s := newStage(t, false)
	register(t, s, "alice")
	_, body := ask(t, s, http.MethodPost, "/api/user/registerIndividual", "application/json", `{"username":"bob","email":"bob@example.com",`+password+`}`)
	require.Contains(t, body, "General.Success")
	for _, name := range []string{"alice", "bob"} {
		_, body := ask(t, s, http.MethodPost, "/api/user/login", "application/json", `{"username":"`+name+`",`+password+`}`)
		require.Contains(t, body, "General.Success", name)
		status, body := ask(t, s, http.MethodPost, "/registry/login", "application/json", `{"username":"`+name+`",`+password+`}`)
		require.Equal(t, http.StatusOK, status, body)
		var entered struct{ Token, GiteaToken, StorageToken string }
		require.NoError(t, json.Unmarshal([]byte(body), &entered))
		require.NotEmpty(t, entered.GiteaToken)
		require.NotEmpty(t, entered.StorageToken)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/user/getUserDetail", http.NoBody)
		require.NoError(t, err)
		r.Header.Set("Authorization", entered.Token)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		var detail struct{ Data struct{ Username string } }
		require.NoError(t, json.NewDecoder(res.Body).Decode(&detail))
		require.NoError(t, res.Body.Close())
		require.Equal(t, name, detail.Data.Username)
	}
}
