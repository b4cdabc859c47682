package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	miniogo "github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"accord/store"
)

// soon bounds what happens by itself.
const soon = time.Minute

// TestOneAccountOnThreeSystems goes the whole way of a person.
func TestOneAccountOnThreeSystems(t *testing.T) {
	for _, driver := range databases {
		t.Run(driver, func(t *testing.T) {
			site := newSite(t, driver)
			api, alice := site.start(t), newPerson()

			registered, err := api.register(alice)
			require.NoError(t, err)
			require.Equal(t, "General.Success", registered.Code)
			require.Eventually(t, func() bool { return site.mailTo(t, alice.email) == 1 }, soon, 20*time.Millisecond)

			first := api.signIn(t, alice)
			first.push(t, site.Gitea.URL, alice)
			require.NoError(t, first.put(t, first.Storage.Prefix, "hello.txt", "hello"))
			require.Equal(t, "hello", first.hello(t))
			err = first.put(t, "acc00000000000000/", "hello.txt", "not mine")
			require.Equal(t, "AccessDenied", miniogo.ToErrorResponse(err).Code)
			detail, err := api.call("getUserDetail", first.AccessToken, struct{}{})
			require.NoError(t, err)
			require.Equal(t, "General.Success", detail.Code)
			require.Equal(t, alice.name, detail.Data["username"])
			require.Equal(t, first.AccountID, detail.Data["accountId"])

			second := api.signIn(t, alice)
			first.alive(t, site.Gitea.URL)
			require.Equal(t, "General.Success", api.code(t, "logout", first.AccessToken, struct{}{}))
			first.dead(t, site.Gitea.URL)
			second.alive(t, site.Gitea.URL)
			require.Equal(t, "hello", second.hello(t))
		})
	}
}

// TestSessionsEndByThemselves has sessions run out long before the 900 s that
// the storage grants at least.
func TestSessionsEndByThemselves(t *testing.T) {
	for _, driver := range databases {
		t.Run(driver, func(t *testing.T) {
			site := newSite(t, driver)
			site.Session.TTL, site.Session.SweepEvery = 3*time.Second, 200*time.Millisecond
			api, alice := site.start(t), newPerson()
			registered, err := api.register(alice)
			require.NoError(t, err)
			require.Equal(t, "General.Success", registered.Code)

			short := api.signIn(t, alice)
			kept, err := api.call("login", "", map[string]any{
				"username": alice.name, "password": alice.password, "enableKeepLogin": true,
			})
			require.NoError(t, err)
			short.alive(t, site.Gitea.URL)

			require.Eventually(t, func() bool {
				return short.gitea(t, site.Gitea.URL) == http.StatusUnauthorized &&
					short.put(t, short.Storage.Prefix, "late.txt", "late") != nil
			}, soon, 100*time.Millisecond)
			short.dead(t, site.Gitea.URL)
			token, _ := kept.Data["accessToken"].(string)
			require.Equal(t, "General.Success", api.code(t, "getUserDetail", token, struct{}{}), "a kept session lasts")
		})
	}
}

// TestServeMakesBucketAndPolicy starts on a storage that was never migrated.
func TestServeMakesBucketAndPolicy(t *testing.T) {
	site := newSite(t, store.SQLite)
	name := newPerson().name
	site.Storage.Bucket, site.Storage.Policy = name, name
	api, alice := site.start(t), newPerson()
	require.Eventually(t, func() bool { return askReady(t.Context(), api.url) == nil }, soon, 20*time.Millisecond)
	require.Eventually(t, func() bool { // the policy follows the bucket
		registered, err := api.register(alice)
		require.NoError(t, err)
		return registered.Code == "General.Success"
	}, soon, 20*time.Millisecond)
	api.signIn(t, alice).alive(t, site.Gitea.URL)
}

// TestForeignGiteaUsersAreLeftAlone registers names and addresses that somebody
// has in Gitea without Accord.
func TestForeignGiteaUsersAreLeftAlone(t *testing.T) {
	site := newSite(t, store.SQLite)
	api, foreign := site.start(t), newPerson()
	admin := giteaAdmin{site}
	admin.create(t, foreign)
	before := admin.user(t, foreign.name)

	sameName, sameEmail := newPerson(), newPerson()
	sameName.name, sameEmail.email = foreign.name, foreign.email
	for person, code := range map[person]string{sameName: "General.UserRepeat", sameEmail: "General.EmailRepeat"} {
		refused, err := api.register(person)
		require.NoError(t, err)
		require.Equal(t, code, refused.Code)
		require.Equal(t, "Account.VerifyError", api.code(t, "login", "", map[string]string{
			"username": person.name, "password": person.password,
		}), "nothing is left of it here")
	}
	require.Nil(t, admin.user(t, sameEmail.name))
	require.Empty(t, cmp.Diff(before, admin.user(t, foreign.name)))

	free := newPerson()
	registered, err := api.register(free)
	require.NoError(t, err)
	require.Equal(t, "General.Success", registered.Code)
}

// giteaAdmin works on Gitea past Accord.
type giteaAdmin struct{ site site }

func (a giteaAdmin) send(t testing.TB, method, path string, body any) (int, []byte) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), method, a.site.Config.Gitea.URL+"/api/v1"+path, bytes.NewReader(text))
	require.NoError(t, err)
	request.SetBasicAuth(a.site.Config.Gitea.AdminUser, a.site.Config.Gitea.AdminPassword.Reveal())
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, answer
}

// create makes a user that is none of Accord's.
func (a giteaAdmin) create(t testing.TB, p person) {
	t.Helper()
	status, _ := a.send(t, http.MethodPost, "/admin/users", map[string]any{
		"username": p.name, "email": p.email, "password": p.password, "must_change_password": false,
	})
	require.Equal(t, http.StatusCreated, status)
}

// user is what Gitea says of a user, nil where there is none.
func (a giteaAdmin) user(t testing.TB, name string) map[string]any {
	t.Helper()
	status, text := a.send(t, http.MethodGet, "/users/"+name, nil)
	if status == http.StatusNotFound {
		return nil
	}
	require.Equal(t, http.StatusOK, status)
	var user map[string]any
	require.NoError(t, json.Unmarshal(text, &user))
	return user
}
