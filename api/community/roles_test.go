package community_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/api/community"
	"accord/api/wiretest/stage"
	"accord/app"
)

// managing are the routes of managers, each with a request upon one person.
var managing = map[string]func(uid int64) (query, body string){
	"/api/v1/user/manage/list":     func(int64) (string, string) { return "?page=1&page_size=15", "" },
	"/api/v1/user/manage/search":   func(int64) (string, string) { return "?keyword=a", "" },
	"/api/v1/user/manage/search&*": func(int64) (string, string) { return "keyword=a", "" },
	"/api/v1/user/manage/modify": func(uid int64) (string, string) {
		return "", fmt.Sprintf(`{"id":%d,"name":"N","email":"n@example.com","sign":"S"}`, uid)
	},
	"/api/v1/user/manage/role/modify": func(uid int64) (string, string) { return "", fmt.Sprintf(`{"id":%d,"role":1}`, uid) },
	"/api/v1/user/manage/delete":      func(uid int64) (string, string) { return "", fmt.Sprintf(`{"id":%d}`, uid) },
}

// everyone is who a route that only reads is for.
const everyone = "user administrator super-administrator oneself"

// may says upon whom each role may act.
var may = map[string]map[app.Role]string{
	"/api/v1/user/manage/list":        {app.Administrator: everyone, app.SuperAdministrator: everyone},
	"/api/v1/user/manage/search":      {app.Administrator: everyone, app.SuperAdministrator: everyone},
	"/api/v1/user/manage/search&*":    {app.Administrator: everyone, app.SuperAdministrator: everyone},
	"/api/v1/user/manage/modify":      {app.Administrator: "user", app.SuperAdministrator: "user administrator"},
	"/api/v1/user/manage/role/modify": {app.SuperAdministrator: everyone},
	"/api/v1/user/manage/delete":      {app.Administrator: "user", app.SuperAdministrator: "user administrator"},
}

// cast is a stage with somebody of every role, by role, and somebody who acts.
func cast(t *testing.T, role app.Role) (s *stage.Stage, actor string, people map[string]int64) {
	t.Helper()
	s = newStage(t, false)
	people = map[string]int64{"oneself": member(t, s, "actor")}
	for i, role := range app.Roles() {
		name := fmt.Sprint("person", i)
		people[string(role)] = member(t, s, name)
		s.Setup(t, []string{"role", name, string(role)})
	}
	s.Setup(t, []string{"role", "actor", string(role)})
	actor = signIn(t, s, "actor")
	quiet(t, s)
	return s, actor, people
}

func manage(t *testing.T, s *stage.Stage, method, path, token string, uid int64) int {
	t.Helper()
	query, body := managing[path](uid)
	status, got := ask(t, s, method, strings.TrimSuffix(path, "*")+query, asJSON, token, body)
	require.Equal(t, http.StatusOK, status)
	return got.Code
}

// TestWhoMayManageWhom tries every route of managers by everybody on everybody.
// Who may not changes nothing.
func TestWhoMayManageWhom(t *testing.T) {
	tried := 0
	for _, route := range community.New(community.Options{}).Routes {
		if !strings.HasPrefix(route.Path, "/api/v1/user/manage/") {
			continue
		}
		tried++
		require.Contains(t, managing, route.Path)
		for _, role := range app.Roles() {
			t.Run(route.Path+" by "+string(role), func(t *testing.T) {
				for _, target := range strings.Fields(everyone) {
					s, token, people := cast(t, role)
					before := s.State(t)
					code := manage(t, s, route.Method, route.Path, token, people[target])
					if strings.Contains(" "+may[route.Path][role]+" ", " "+target+" ") {
						require.Equal(t, 200, code, target)
						continue
					}
					require.Equal(t, 403, code, target)
					require.Equal(t, before, s.State(t), "a refusal writes nothing")
				}
			})
		}
	}
	require.Len(t, managing, tried)
}

// TestStrangersManageNobody: nobody's token, one that is none, one of a session
// that has ended, and one that has expired.
func TestStrangersManageNobody(t *testing.T) {
	s, token, people := cast(t, app.SuperAdministrator)
	ended := signIn(t, s, "actor")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/user/logout", http.NoBody)
	require.NoError(t, err)
	r.Header.Set("Authorization", ended)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	quiet(t, s)
	for _, stranger := range []string{"", "x", "Bearer x.y.z", ended, token} {
		if stranger == token {
			s.Clock.Advance(14 * 24 * time.Hour)
		}
		before := s.State(t)
		for _, route := range community.New(community.Options{}).Routes {
			if _, ok := managing[route.Path]; ok {
				require.Equal(t, 401, manage(t, s, route.Method, route.Path, stranger, people["user"]), route.Path)
			}
		}
		require.Equal(t, before, s.State(t))
	}
}

// TestWhoMayNotIsToldNothingElse: neither what is wrong with a request nor who
// there is.
func TestWhoMayNotIsToldNothingElse(t *testing.T) {
	s, token, _ := cast(t, app.User)
	refused := func(paths ...string) {
		for _, path := range paths {
			for _, body := range []string{"{", "{}", `{"id":1,"name":"N","email":"n@example.com","role":9}`} {
				_, got := ask(t, s, http.MethodPost, "/api/v1/user/manage/"+path, asJSON, token, body)
				require.Equal(t, 403, got.Code, "%s %s", path, body)
			}
		}
	}
	refused("modify", "role/modify", "delete")
	_, got := ask(t, s, http.MethodGet, "/api/v1/user/manage/list?page=x", asJSON, token, "")
	require.Equal(t, 403, got.Code)
	s.Setup(t, []string{"role", "actor", string(app.Administrator)})
	refused("role/modify")
}
