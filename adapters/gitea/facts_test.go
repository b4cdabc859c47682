package gitea_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// These are what the adapter takes for granted of Gitea and what the
// conformance suite does not show.

func TestGiteaMakesTokensByBasicAuthOnly(t *testing.T) {
	s := shared(t)
	s.placeUser(t, "basiconly", "basiconly@example.com")
	admin := s.adminToken(t, "basic-only", "all")
	body := fields{"name": "x", "scopes": []string{"read:user"}}
	status, _ := s.askAs(t, asToken(admin), http.MethodPost, "/users/basiconly/tokens", body)
	require.Equal(t, http.StatusUnauthorized, status)
	s.must(t, http.StatusCreated, http.MethodPost, "/users/basiconly/tokens", body)
}

// ofSession is the name of a session's token.
const ofSession = "accord-x2345678901234567890123456"

// The adapter falls back on the password where this is not so any more; it only
// takes longer.
func TestGiteaShowsTokensByATokenInThePasswordsPlace(t *testing.T) {
	s := shared(t)
	s.placeUser(t, "quicklist", "quicklist@example.com")
	s.must(t, http.StatusCreated, http.MethodPost, "/users/quicklist/tokens", fields{"name": ofSession, "scopes": []string{"read:user"}})
	o := s.options()
	o.AdminToken, o.AdminPassword = s.adminToken(t, "quick-list", "write:admin", "read:user"), "not the password"
	names, err := newDirectory(t, o).SessionTokens(t.Context(), "quicklist")
	require.NoError(t, err)
	require.Equal(t, []string{ofSession}, names)
}

func TestGiteaFindsByMark(t *testing.T) {
	s := shared(t)
	d := newDirectory(t, s.options())
	id, err := d.CreateUser(t.Context(), app.DirectoryUser{
		AccountID: "26030300000001", Username: "bymark", Email: "bymark@example.com", Password: "abcdefg7",
	})
	require.NoError(t, err)
	var found []struct {
		ID int64 `json:"id"`
	}
	answer := s.must(t, http.StatusOK, http.MethodGet, "/admin/users?login_name=accord:26030300000001", nil)
	require.NoError(t, json.Unmarshal([]byte(answer), &found))
	require.Len(t, found, 1)
	require.Equal(t, id, found[0].ID)
}

// The mark is for administrators, and for the user itself.
func TestGiteaHidesTheMark(t *testing.T) {
	s := shared(t)
	d := newDirectory(t, s.options())
	_, err := d.CreateUser(t.Context(), app.DirectoryUser{
		AccountID: "26030300000002", Username: "hidden", Email: "hidden@example.com", Password: "abcdefg7",
	})
	require.NoError(t, err)
	s.placeUser(t, "curious", "curious@example.com")
	_, answer := s.askAs(t, asUser("curious", foreignPassword), http.MethodGet, "/users/hidden", nil)
	require.Contains(t, answer, `"login":"hidden"`)
	require.NotContains(t, answer, "accord:")
}

func TestGiteaWantsANewPasswordUnlessTold(t *testing.T) {
	s := shared(t)
	s.must(t, http.StatusCreated, http.MethodPost, "/admin/users", fields{
		"username": "mustchange", "email": "mustchange@example.com", "password": foreignPassword,
	})
	status, _ := s.askAs(t, asUser("mustchange", foreignPassword), http.MethodGet, "/user", nil)
	require.Equal(t, http.StatusForbidden, status)
}

func TestGiteaRedirectsFromAFormerName(t *testing.T) {
	s := shared(t)
	s.placeUser(t, "former", "former@example.com")
	s.must(t, http.StatusNoContent, http.MethodPost, "/admin/users/former/rename", fields{"new_username": "present"})
	s.must(t, http.StatusTemporaryRedirect, http.MethodGet, "/users/former", nil)
	s.must(t, http.StatusTemporaryRedirect, http.MethodPost, "/users/former/tokens", fields{"name": "x"})
	s.must(t, http.StatusTemporaryRedirect, http.MethodDelete, "/users/former/tokens/x", nil)
}

// Messages tell input apart that no look-up can: see the refusals of users.go.
func TestGiteaNamesTheInputItRefuses(t *testing.T) {
	s := shared(t)
	for message, body := range map[string]fields{
		"[Username]":         {"username": "a..b"},
		"name is reserved":   {"username": "api"},
		"name pattern":       {"username": "a.keys"},
		"[Email]":            {"email": "no address"},
		"e-mail ":            {"email": "-a@example.com"},
		"[FullName]":         {"full_name": strings.Repeat("x", 101)},
		"PasswordIsRequired": {"password": "short"},
	} {
		whole := fields{"username": "blamed", "email": "blamed@example.com", "password": foreignPassword}
		for field, value := range body {
			whole[field] = value
		}
		status, answer := s.ask(t, http.MethodPost, "/admin/users", whole)
		require.Contains(t, []int{http.StatusBadRequest, http.StatusUnprocessableEntity}, status, "%s %s", message, answer)
		require.Contains(t, answer, `"message":"`+message)
		require.Contains(t, answer, `"url":`)
	}
}
