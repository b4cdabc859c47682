package gitea_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
	"accord/app"
)

// Owners are found whatever the number of things that a page has: Gitea's
// MAX_RESPONSE_ITEMS is the server's choice.
func TestOwnersAreFoundOnEveryPage(t *testing.T) {
	const perPage = 2
	users := []fields{}
	for i := range 5 {
		users = append(users, fields{
			"id": i + 1, "login": fmt.Sprint("user", i), "login_name": fmt.Sprintf("accord:2601010000000%d", i), "active": true, "prohibit_login": i == 1,
		})
	}
	lists := map[string][]fields{
		"/users/user0/orgs":   {{"id": 7, "name": "one"}, {"id": 8, "name": "two"}, {"id": 9, "name": "three"}},
		"/orgs/one/members":   users[:1],
		"/orgs/two/members":   users[:1],
		"/orgs/three/members": users,
		"/orgs/three/teams": {
			{"id": 1, "permission": "read"}, {"id": 2, "permission": "write"}, {"id": 3, "permission": "admin"}, {"id": 4, "permission": "owner"},
		},
		"/teams/4/members": users,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/users/user0", func(w http.ResponseWriter, _ *http.Request) {
		assert.NoError(t, json.NewEncoder(w).Encode(users[0]))
	})
	for path, all := range lists {
		mux.HandleFunc("GET /api/v1"+path, func(w http.ResponseWriter, r *http.Request) {
			page, _ := strconv.Atoi(r.URL.Query().Get("page"))
			limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
			size := min(limit, perPage)
			from := min((page-1)*size, len(all))
			w.Header().Set("X-Total-Count", strconv.Itoa(len(all)))
			assert.NoError(t, json.NewEncoder(w).Encode(all[from:min(from+size, len(all))]))
		})
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	d := newDirectory(t, gitea.Options{URL: s.URL, AdminUser: "root", AdminPassword: "hunter22"})
	shared, err := d.SharedOrganizations(t.Context(), app.DirectoryRef{AccountID: "26010100000000", Username: "user0"})
	require.NoError(t, err)
	want := app.Organization{ID: 9, Name: "three", Owned: true}
	for i := 1; i < 5; i++ {
		want.Owners = append(want.Owners, app.OrganizationOwner{
			Username: fmt.Sprint("user", i), AccountID: fmt.Sprintf("2601010000000%d", i), LetIn: i != 1,
		})
	}
	require.Equal(t, []app.Organization{want}, shared)
}
