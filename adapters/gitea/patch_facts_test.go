package gitea_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// These are why a change names one concern, echoes the mark and repeats one
// thing of the profile.

func TestGiteaDemandsTheLoginName(t *testing.T) {
	s := shared(t)
	s.placeUser(t, "nologinname", "nologinname@example.com")
	s.must(t, http.StatusUnprocessableEntity, http.MethodPatch, "/admin/users/nologinname", fields{"full_name": "x"})
	s.must(t, http.StatusOK, http.MethodPatch, "/admin/users/nologinname", fields{"login_name": "what it is sent"})
	require.Contains(t, s.describe(t, "nologinname"), `"login_name":"what it is sent"`)
}

func TestGiteaChangesOneConcernAfterTheOther(t *testing.T) {
	s := shared(t)
	s.placeUser(t, "threesteps", "threesteps@example.com")
	s.must(t, http.StatusBadRequest, http.MethodPatch, "/admin/users/threesteps", fields{
		"login_name": "x", "password": "changed-1", "email": "no address", "full_name": "not reached",
	})
	require.Equal(t, "threesteps", s.ownerOf(t, asUser("threesteps", "changed-1")))
	require.NotContains(t, s.describe(t, "threesteps"), "not reached")
}

func TestGiteaTakesAnEmptyPasswordForNone(t *testing.T) {
	s := shared(t)
	s.placeUser(t, "emptypassword", "emptypassword@example.com")
	s.must(t, http.StatusOK, http.MethodPatch, "/admin/users/emptypassword", fields{"login_name": "x", "password": ""})
	require.Equal(t, "emptypassword", s.ownerOf(t, asUser("emptypassword", foreignPassword)))
}

func TestGiteaWritesTheWholeUserUnlessToldOfTheProfile(t *testing.T) {
	s := shared(t)
	s.placeUser(t, "wholeuser", "WholeUser@Example.com")
	s.must(t, http.StatusOK, http.MethodPatch, "/admin/users/wholeuser", fields{"login_name": "x", "restricted": false})
	require.Contains(t, s.describe(t, "wholeuser"), `"email":"WholeUser@Example.com","avatar_url"`)
	s.must(t, http.StatusOK, http.MethodPatch, "/admin/users/wholeuser", fields{"login_name": "x"})
	require.Contains(t, s.describe(t, "wholeuser"), `"email":"wholeuser@example.com","avatar_url"`)
}

func TestGiteaForgetsTheReplacedAddress(t *testing.T) {
	s := shared(t)
	s.placeUser(t, "forgetful", "forgetful@example.com", "second@forgetful.example.com")
	s.must(t, http.StatusBadRequest, http.MethodPatch, "/admin/users/forgetful",
		fields{"login_name": "x", "email": "second@forgetful.example.com"}) // its own second one is taken
	s.must(t, http.StatusOK, http.MethodPatch, "/admin/users/forgetful",
		fields{"login_name": "x", "email": "third@forgetful.example.com"})
	addresses := s.must(t, http.StatusOK, http.MethodGet, "/user/emails?sudo=forgetful", nil)
	require.NotContains(t, addresses, `"forgetful@example.com"`)
	require.Contains(t, addresses, "second@forgetful.example.com")
	require.Contains(t, addresses, "third@forgetful.example.com")
}
