package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/store"
)

// owned is an organization with a third person's repository in it.
type owned struct {
	giteaAdmin
	name string
}

// foundOrganization makes one that the founder owns, with a team of
// writers, the third person among them, whose name sorts before the owners.
func foundOrganization(t *testing.T, site site, name, founder, third string) owned {
	t.Helper()
	o := owned{giteaAdmin{site}, name}
	o.must(t, http.StatusCreated, http.MethodPost, "/admin/users/"+founder+"/orgs", map[string]any{"username": name})
	text := o.must(t, http.StatusCreated, http.MethodPost, "/orgs/"+name+"/teams", map[string]any{
		"name": "dev", "permission": "write", "units": []string{"repo.code"}, "can_create_org_repo": true,
	})
	var team struct{ ID int64 }
	require.NoError(t, json.Unmarshal(text, &team))
	o.must(t, http.StatusNoContent, http.MethodPut, fmt.Sprintf("/teams/%d/members/%s", team.ID, third), nil)
	o.must(t, http.StatusCreated, http.MethodPost, "/orgs/"+name+"/repos?sudo="+third, map[string]any{"name": "thirds", "auto_init": true})
	return o
}

func (o owned) must(t *testing.T, status int, method, path string, body any) []byte {
	t.Helper()
	got, text := o.send(t, method, path, body)
	require.Equal(t, status, got, "%s", text)
	return text
}

// admit makes the person an owner.
func (o owned) admit(t *testing.T, name string) {
	t.Helper()
	var teams []struct {
		ID         int64
		Permission string
	}
	require.NoError(t, json.Unmarshal(o.must(t, http.StatusOK, http.MethodGet, "/orgs/"+o.name+"/teams", nil), &teams))
	for _, team := range teams {
		if team.Permission == "owner" {
			o.must(t, http.StatusNoContent, http.MethodPut, fmt.Sprintf("/teams/%d/members/%s", team.ID, name), nil)
		}
	}
}

func (o owned) stays(t *testing.T) {
	t.Helper()
	o.must(t, http.StatusOK, http.MethodGet, "/repos/"+o.name+"/thirds", nil)
}

// TestOwnersDeleteThemselvesAtOnce: one goes, the other is refused and stays as
// they were, and what a third person has in their organization stays.
func TestOwnersDeleteThemselvesAtOnce(t *testing.T) {
	const rounds = 5
	for name, grace := range map[string]time.Duration{"without a grace period": 0, "with one that ends": time.Second} {
		t.Run(name, func(t *testing.T) {
			site := newSite(t, store.SQLite)
			site.Deletion.Grace, site.Session.SweepEvery = grace, 100*time.Millisecond
			api := site.start(t)
			third, thirds := joined(t, api)
			stays, in := joined(t, api)
			o := foundOrganization(t, site, "o"+stays.name[:20], stays.name, third.name)
			for range rounds {
				goes, out := joined(t, api)
				o.admit(t, goes.name)
				people, sessions, codes := []person{stays, goes}, []session{in, out}, make([]string, 2)
				var group sync.WaitGroup
				for i, s := range sessions {
					group.Go(func() {
						a, err := api.call("deleteUser", s.AccessToken, map[string]string{"password": people[i].password})
						if err == nil {
							codes[i] = a.Code
						}
					})
				}
				group.Wait()
				require.ElementsMatch(t, []string{"General.Success", "General.Failure"}, codes)
				if codes[0] == "General.Success" {
					stays, goes, in, out = goes, stays, out, in
				}
				out.dead(t, site.Gitea.URL)
				require.Eventually(t, func() bool { return o.user(t, goes.name) == nil }, 30*time.Second, 100*time.Millisecond)
				o.stays(t)
				in.alive(t, site.Gitea.URL)
				in = api.signIn(t, stays)
			}
			thirds.alive(t, site.Gitea.URL)
			require.Equal(t, "General.Failure", api.code(t, "deleteUser", in.AccessToken, map[string]string{"password": stays.password}))
			in.alive(t, site.Gitea.URL)
		})
	}
}
