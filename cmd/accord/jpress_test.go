package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/store"
)

// jpressAnswer is what the dialect answers, whatever was asked.
type jpressAnswer struct {
	State, Message, Jwt string
	UserID              json.Number
	User                map[string]any
	session
}

// jpress sends a form.
func (c client) jpress(t testing.TB, name, token string, form url.Values) jpressAnswer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/api/user/"+name, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Jwt", token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	var a jpressAnswer
	require.NoError(t, json.NewDecoder(response.Body).Decode(&a))
	a.client, a.AccessToken = c, a.Jwt
	return a
}

// jpressDone requires that a request succeeds.
func (c client) jpressDone(t testing.TB, name, token string, form url.Values) jpressAnswer {
	t.Helper()
	a := c.jpress(t, name, token, form)
	require.Equal(t, "ok", a.State, "%s: %s", name, a.Message)
	return a
}

// TestAJPressPersonOnThreeSystems goes the whole way of a person whom an
// administrator made.
func TestAJPressPersonOnThreeSystems(t *testing.T) {
	site := newSite(t, store.SQLite)
	api, alice := site.start(t), newPerson()
	boss, own := joined(t, api)
	site.done(t, "role", boss.name, "super-administrator")
	l := life{t, site, api, alice}
	status, uploaded := l.upload(own.AccessToken, redSquare(t))
	require.Equal(t, http.StatusOK, status)
	avatar, _ := uploaded.Data["url"].(string)

	person := fmt.Sprintf(`{"username":%q,"email":%q,"password":%q,"nickname":"测试","site":"http://www.example.com","avatar":%q,"idcard":"E1"}`,
		alice.name, alice.email, alice.password, avatar)
	made := api.jpressDone(t, "create", own.AccessToken, url.Values{"user": {person}})
	require.Eventually(t, func() bool {
		user := giteaAdmin{site}.user(t, alice.name)
		shown, _ := user["avatar_url"].(string)
		r, g, b, _ := l.picture(shown).At(20, 20).RGBA()
		return user["full_name"] == "测试" && user["website"] == "http://www.example.com" && r > 0xf000 && g < 0x1000 && b < 0x1000
	}, soon, 50*time.Millisecond, "Gitea shows the page and the picture")

	in := api.jpressDone(t, "login", "", url.Values{"loginAccount": {alice.email}, "password": {alice.password}})
	in.push(t, site.Gitea.URL, alice)
	in.alive(t, site.Gitea.URL)
	detail := api.jpressDone(t, "detail", in.Jwt, url.Values{"id": {made.UserID.String()}}).User
	require.Equal(t, []any{alice.name, avatar, "E1", "", ""},
		[]any{detail["username"], detail["avatar"], detail["idcard"], detail["password"], detail["salt"]})

	update := fmt.Sprintf(`{"id":%s,"nickname":"Alice","site":""}`, made.UserID.String())
	api.jpressDone(t, "update", in.Jwt, url.Values{"user": {update}})
	require.Equal(t, "Alice", giteaAdmin{site}.user(t, alice.name)["full_name"])

	main := api.signIn(t, alice)
	api.jpressDone(t, "updatePassword", in.Jwt, url.Values{
		"userId": {made.UserID.String()}, "oldPassowrd": {alice.password}, "newPassword": {"2wsxzaq1"},
	})
	main.dead(t, site.Gitea.URL)
	in.alive(t, site.Gitea.URL)
	require.Equal(t, "Account.VerifyError", signInCode(t, api, alice))
	alice.password = "2wsxzaq1"
	api.signIn(t, alice).alive(t, site.Gitea.URL)

	api.jpressDone(t, "updatePassword", own.AccessToken, url.Values{"userId": {made.UserID.String()}, "newPassword": {"3edcxsw2"}})
	in.dead(t, site.Gitea.URL)
}
