package gitea_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// givePackage uploads one by the package's own protocol.
func (s server) givePackage(t *testing.T, username, name string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut,
		s.URL+"/api/packages/"+username+"/generic/"+name+"/1.0/file", strings.NewReader("content of "+username))
	require.NoError(t, err)
	req.SetBasicAuth(s.AdminUser, s.AdminPassword)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusCreated, res.StatusCode)
}

// join makes the user a member of the owners, or of a team that can read.
func (s server) join(t *testing.T, organization, username string, owner bool) {
	t.Helper()
	wanted := "people"
	if owner {
		wanted = "Owners"
	}
	var teams []struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	}
	answer := s.must(t, http.StatusOK, http.MethodGet, "/orgs/"+organization+"/teams", nil)
	require.NoError(t, json.Unmarshal([]byte(answer), &teams))
	var id int64
	for _, team := range teams {
		if team.Name == wanted {
			id = team.ID
		}
	}
	if id == 0 {
		id = s.makeTeam(t, organization, wanted)
	}
	s.must(t, http.StatusNoContent, http.MethodPut, fmt.Sprintf("/teams/%d/members/%s", id, username), nil)
}

// makeTeam makes a team that can read, and returns its number.
func (s server) makeTeam(t *testing.T, organization, name string) int64 {
	t.Helper()
	var made struct {
		ID int64 `json:"id"`
	}
	answer := s.must(t, http.StatusCreated, http.MethodPost, "/orgs/"+organization+"/teams", fields{
		"name": name, "permission": "read", "units": []string{"repo.code"},
	})
	require.NoError(t, json.Unmarshal([]byte(answer), &made))
	return made.ID
}

func (s server) team(t *testing.T, organization, name string) {
	t.Helper()
	s.makeTeam(t, organization, name)
}

// avatar fetches the picture from where Gitea says that it is.
func (s server) avatar(t *testing.T, username string) []byte {
	t.Helper()
	var user struct {
		URL string `json:"avatar_url"`
	}
	require.NoError(t, json.Unmarshal([]byte(s.must(t, http.StatusOK, http.MethodGet, "/users/"+username, nil)), &user))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, user.URL, http.NoBody)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	picture, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return picture
}
