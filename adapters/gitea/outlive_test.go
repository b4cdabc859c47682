package gitea_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// outliving are the calls by which a token with write:repository or
// write:organization gives others, or itself, a way into what the user owns.
// docs/gitea.md lists them; a change here is to be made there.
func outliving(t *testing.T, repository, organization string) map[string]call {
	t.Helper()
	hook := fields{"type": "gitea", "config": fields{"url": "http://localhost:9/", "content_type": "json"}}
	return map[string]call{
		"a deploy key":                  {http.MethodPost, repository + "/keys", fields{"title": "k", "key": sshKey(t)}},
		"a webhook":                     {http.MethodPost, repository + "/hooks", hook},
		"an organization's webhook":     {http.MethodPost, organization + "/hooks", hook},
		"a runner of a repository":      {http.MethodPost, repository + "/actions/runners/registration-token", nil},
		"a runner of an organization":   {http.MethodPost, organization + "/actions/runners/registration-token", nil},
		"an actions secret":             {http.MethodPut, repository + "/actions/secrets/MINE", fields{"data": "x"}},
		"an organization's team":        {http.MethodPost, organization + "/teams", fields{"name": "t", "units": []string{"repo.code"}}},
		"a collaborator":                {http.MethodPut, repository + "/collaborators/outfriend", fields{"permission": "admin"}},
		"a repository given to another": {http.MethodPost, repository + "-moved/transfer", fields{"new_owner": "outorg"}},
	}
}

// These cannot be closed by scopes: what pushes to a repository administers it.
func TestWhatARepositorysTokenLeavesBehind(t *testing.T) {
	m := newMember(t, "26020200000005", "outliver")
	m.push(t, "outliver", "work")
	m.push(t, "outliver", "work-moved")
	m.placeUser(t, "outfriend", "outfriend@example.com")
	status, answer := m.askAs(t, asToken(m.token), http.MethodPost, "/orgs", fields{"username": "outorg"})
	require.Equal(t, http.StatusCreated, status, answer)
	for name, c := range outliving(t, "/repos/outliver/work", "/orgs/outorg") {
		status, answer := m.askAs(t, asToken(m.token), c.method, c.path, c.body)
		require.Less(t, status, http.StatusMultipleChoices, "%s: %s", name, answer)
	}
	for _, path := range []string{"/repos/outliver/work/push_mirrors", "/repos/outliver/work/hooks/git"} {
		status, answer := m.askAs(t, asToken(m.token), http.MethodPost, path, fields{"remote_address": "https://example.com/x"})
		require.GreaterOrEqual(t, status, http.StatusBadRequest, answer)
	}
}

// packageToken is what Gitea gives a client of its container registry.
func (m member) packageToken(t *testing.T) app.Secret {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m.URL+"/v2/token", http.NoBody)
	require.NoError(t, err)
	r.SetBasicAuth(m.user.Username, m.token.Reveal())
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var given struct {
		Token app.Secret `json:"token"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&given))
	require.NotEmpty(t, given.Token)
	return given.Token
}

// A token with a scope of packages is exchanged for one that is good for packages
// alone, for 24 hours, whatever becomes of the first. It ends while the user is
// shut out.
func TestPackageTokensOutliveTheSession(t *testing.T) {
	m := newMember(t, "26020200000006", "packager")
	derived := m.packageToken(t)
	upload := func() int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.URL+"/v2/packager/image/blobs/uploads/", http.NoBody)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+derived.Reveal())
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		return res.StatusCode
	}
	require.Equal(t, http.StatusAccepted, upload())
	require.NoError(t, m.directory.DeleteToken(t.Context(), m.ref(), "accord-use"))
	require.Equal(t, http.StatusAccepted, upload())
	require.NoError(t, m.directory.SetActive(t.Context(), m.ref(), false))
	require.Equal(t, http.StatusUnauthorized, upload())

	status, _ := m.askAs(t, asToken(derived), http.MethodGet, "/user", nil)
	require.Equal(t, http.StatusUnauthorized, status, "it is good for packages alone")
}
