package jpress_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/api/jpress"
	"accord/api/wiretest/stage"
)

const password = "1qazxsw2"

// ask sends a request to the stage and returns the answer's status and body.
func ask(t *testing.T, s *stage.Stage, method, path, mediaType, token, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", mediaType)
	r.Header.Set("Jwt", token)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(got)
}

// somebody is a person who is signed in.
type somebody struct{ name, id, token string }

// newcomer registers by the main dialect and signs in by this one. An empty role
// is that of everybody.
func newcomer(t *testing.T, s *stage.Stage, name, role string) somebody {
	t.Helper()
	status, body := ask(t, s, "POST", "/api/user/registerIndividual", "application/json", "",
		fmt.Sprintf(`{"username":%q,"email":"%s@example.com","password":%q}`, name, name, password))
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `"General.Success"`)
	if role != "" {
		s.Setup(t, []string{"role", name, role})
	}
	ids := s.Texts(t, "SELECT user_id FROM accounts WHERE username = '"+name+"'")
	require.Len(t, ids, 1)
	return somebody{name, ids[0], signIn(t, s, name)}
}

func signIn(t *testing.T, s *stage.Stage, account string) string {
	t.Helper()
	form := url.Values{"loginAccount": {account}, "password": {password}}
	_, body := ask(t, s, "POST", "/api/user/login", formType, "", form.Encode())
	var in struct{ State, Jwt string }
	require.NoError(t, json.Unmarshal([]byte(body), &in))
	require.Equal(t, "ok", in.State, body)
	return in.Jwt
}

// TestNoRouteWithoutAToken tries each route but that of signing in with no token,
// a bad one, and one whose time ran out.
func TestNoRouteWithoutAToken(t *testing.T) {
	s := newStage(t)
	boss := newcomer(t, s, "boss", "super-administrator")
	s.Clock.Advance(2*time.Hour + time.Second)
	before := s.State(t)
	for token, why := range map[string]string{"": "请先登录", "x.y.z": "Token 无效", boss.token: "Token 已过期"} {
		for _, route := range jpress.New(jpress.Options{}).Routes {
			if route.Path == "/api/user/login" {
				continue
			}
			form := url.Values{
				"user": {`{"id":` + boss.id + `,"username":"bob","email":"bob@example.com","password":"1qazxsw2"}`},
				"id":   {boss.id}, "userId": {boss.id}, "newPassword": {"2wsxzaq1"}, "oldPassowrd": {password},
			}
			status, body := ask(t, s, route.Method, route.Path, formType, token, form.Encode())
			require.Equal(t, http.StatusOK, status)
			require.Equal(t, `{"state":"fail","message":"`+why+`"}`, strings.TrimSpace(body), "%s %s", route.Method, route.Path)
		}
	}
	require.Equal(t, before, s.State(t))
}

// TestEveryRoleAtEveryRoute: who may do what, to oneself and to somebody of each
// role.
func TestEveryRoleAtEveryRoute(t *testing.T) {
	const yes, no = "ok", "fail"
	roles := []string{"user", "administrator", "super-administrator"}
	// By the role of who asks: to oneself, then to a person of each role.
	for request, want := range map[string]map[string][4]string{
		"detail":         {"user": {yes, no, no, no}, "administrator": {yes, yes, yes, yes}, "super-administrator": {yes, yes, yes, yes}},
		"update":         {"user": {yes, no, no, no}, "administrator": {yes, yes, no, no}, "super-administrator": {yes, yes, yes, no}},
		"updatePassword": {"user": {no, no, no, no}, "administrator": {no, no, no, no}, "super-administrator": {yes, yes, yes, no}},
	} {
		for _, role := range roles {
			s := newStage(t)
			actor := newcomer(t, s, "actor", role)
			targets := []somebody{actor}
			for i, theirs := range roles {
				targets = append(targets, newcomer(t, s, fmt.Sprint("target", i), theirs))
			}
			for i := len(targets) - 1; i >= 0; i-- { // oneself last: it may end the session
				id := targets[i].id
				form := url.Values{"id": {id}, "user": {`{"id":` + id + `,"realname":"x"}`}, "userId": {id}, "newPassword": {"2wsxzaq1"}}
				_, body := ask(t, s, "POST", "/api/user/"+request, formType, actor.token, form.Encode())
				require.Contains(t, body, `"state":"`+want[role][i]+`"`, "%s by %s to %s: %s", request, role, targets[i].name, body)
			}
		}
	}
	for role, want := range map[string]string{"user": no, "administrator": yes, "super-administrator": yes} {
		s := newStage(t)
		actor := newcomer(t, s, "actor", role)
		for _, field := range []string{"identity", "remark"} {
			form := url.Values{"user": {`{"id":` + actor.id + `,"` + field + `":"x"}`}}
			_, body := ask(t, s, "POST", "/api/user/update", formType, actor.token, form.Encode())
			require.Contains(t, body, `"state":"`+want+`"`, "own %s by %s", field, role)
		}
	}
	for role, want := range map[string]string{"user": no, "administrator": yes, "super-administrator": yes} {
		s := newStage(t)
		form := url.Values{"user": {`{"username":"bob","email":"bob@example.com","password":"1qazxsw2"}`}}
		_, body := ask(t, s, "POST", "/api/user/create", formType, newcomer(t, s, "actor", role).token, form.Encode())
		require.Contains(t, body, `"state":"`+want+`"`, role)
	}
}
