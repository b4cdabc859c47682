package gitea_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"

	sdk "code.gitea.io/sdk/gitea"
	"github.com/stretchr/testify/require"

	"accord/app"
)

// A person works by git with the password, and by tools with a token.
func TestPasswordWorksForGit(t *testing.T) {
	m := newMember(t, "26040400000001", "gitpassword")
	m.push(t, m.user.Username, "work")
	clone := func(password app.Secret) (string, error) {
		remote, err := url.Parse(m.URL)
		require.NoError(t, err)
		remote = remote.JoinPath(m.user.Username, "work.git")
		remote.User = url.UserPassword(m.user.Username, password.Reveal())
		return git(t, t.TempDir(), "clone", "-q", remote.String(), "copy")
	}
	out, err := clone(m.user.Password)
	require.NoError(t, err, out)

	require.NoError(t, m.directory.SetPassword(t.Context(), m.ref(), "changed-1"))
	out, err = clone("changed-1")
	require.NoError(t, err, out)
	out, err = clone(m.user.Password)
	require.Error(t, err)
	require.Contains(t, strings.ToLower(out), "authentication failed")
	require.Equal(t, m.user.Username, m.ownerOf(t, asToken(m.token)), "tokens stay good")

	require.NoError(t, m.directory.SetActive(t.Context(), m.ref(), false))
	for _, secret := range []app.Secret{"changed-1", m.token} {
		_, err = clone(secret)
		require.Error(t, err)
	}
	require.NoError(t, m.directory.SetActive(t.Context(), m.ref(), true))
	out, err = clone("changed-1")
	require.NoError(t, err, out)
}

func (m member) ref() app.DirectoryRef {
	return app.DirectoryRef{AccountID: m.user.AccountID, Username: m.user.Username}
}

func TestShutOutIsAnswered(t *testing.T) {
	m := newMember(t, "26040400000002", "shutout")
	status := func(who identity) int {
		got, _ := m.askAs(t, who, http.MethodGet, "/user", nil)
		return got
	}
	password := asUser(m.user.Username, m.user.Password.Reveal())
	require.NoError(t, m.directory.SetActive(t.Context(), m.ref(), false))
	require.Equal(t, http.StatusForbidden, status(asToken(m.token)))
	require.Contains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, status(password))
	require.NoError(t, m.directory.SetActive(t.Context(), m.ref(), true))
	require.Equal(t, http.StatusOK, status(asToken(m.token)))
	require.Equal(t, http.StatusOK, status(password))
}

// What only an administrator sets is as it was after every change, but for the
// demand for a new password, which a new one ends.
func TestChangesLeaveAdministratorsChoices(t *testing.T) {
	m := newMember(t, "26040400000003", "choices")
	m.must(t, http.StatusOK, http.MethodPatch, "/admin/users/choices", fields{
		"login_name": "accord:26040400000003", "must_change_password": true, "visibility": "private",
		"restricted": true, "admin": true,
	})
	before := m.describe(t, "choices")
	require.Contains(t, before, `"visibility":"private"`)
	require.NoError(t, m.directory.SetPassword(t.Context(), m.ref(), "changed-1"))
	require.NoError(t, m.directory.SetEmail(t.Context(), m.ref(), "choices2@example.com"))
	require.NoError(t, m.directory.SetEmail(t.Context(), m.ref(), "choices@example.com"))
	require.NoError(t, m.directory.SetActive(t.Context(), m.ref(), false))
	require.NoError(t, m.directory.SetActive(t.Context(), m.ref(), true))
	require.NoError(t, m.directory.SetProfile(t.Context(), m.ref(), app.DirectoryProfile{FullName: "choices"}))
	require.Equal(t, before, m.describe(t, "choices"))
	m.outdate(t, "choices")
	require.NoError(t, m.directory.SetEmail(t.Context(), m.ref(), "choices2@example.com"))
	require.NoError(t, m.directory.SetActive(t.Context(), m.ref(), true))
	status, answer := m.askAs(t, asUser("choices", "changed-1"), http.MethodGet, "/user", nil)
	require.Equal(t, http.StatusForbidden, status)
	require.Contains(t, answer, "must change your password")
}

// A picture below 256 KiB is shown byte for byte, a large one smaller.
func TestAvatarIsShown(t *testing.T) {
	m := newMember(t, "26040400000004", "pictured")
	small := encode(t, image.NewGray(image.Rect(0, 0, 200, 100)))
	require.NoError(t, m.directory.SetAvatar(t.Context(), m.ref(), small))
	require.Equal(t, small, m.avatar(t, "pictured"))

	noise := image.NewGray(image.Rect(0, 0, 1600, 1200))
	for i, n := 0, uint32(1); i < len(noise.Pix); i++ {
		n = n*1664525 + 1013904223
		noise.Pix[i] = byte(n >> 24)
	}
	large := encode(t, noise)
	require.Greater(t, len(large), 256<<10)
	require.NoError(t, m.directory.SetAvatar(t.Context(), m.ref(), large))
	shown, _, err := image.DecodeConfig(bytes.NewReader(m.avatar(t, "pictured")))
	require.NoError(t, err)
	require.Equal(t, []int{512, 512}, []int{shown.Width, shown.Height})

	require.Error(t, m.directory.SetAvatar(t.Context(), m.ref(), encode(t, image.NewGray(image.Rect(0, 0, 4097, 1)))))
	require.NoError(t, m.directory.SetAvatar(t.Context(), m.ref(), encode(t, image.NewGray(image.Rect(0, 0, 4096, 1)))))
}

func encode(t *testing.T, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, img))
	return out.Bytes()
}

// What others share with a purged user stays theirs.
func TestPurgeLeavesSharedRepositories(t *testing.T) {
	m := newMember(t, "26040400000005", "purged")
	s := m.server
	s.placeUser(t, "sharer", "sharer@example.com")
	s.must(t, http.StatusCreated, http.MethodPost, "/admin/users/sharer/repos", fields{"name": "shared", "auto_init": true})
	s.must(t, http.StatusNoContent, http.MethodPut, "/repos/sharer/shared/collaborators/purged", fields{"permission": "write"})
	status, answer := s.askAs(t, asToken(m.token), http.MethodPost, "/repos/sharer/shared/issues", fields{"title": "mine"})
	require.Equal(t, http.StatusCreated, status, answer)
	_, _, err := m.api(t).CreateFork("sharer", "shared", sdk.CreateForkOption{})
	require.NoError(t, err)

	b, err := m.directory.Belongings(t.Context(), m.ref())
	require.NoError(t, err)
	require.Equal(t, app.Belongings{Repositories: []string{"shared"}, Organizations: []string{}}, b)
	require.NoError(t, m.directory.PurgeUser(t.Context(), m.ref()))
	require.Empty(t, s.describe(t, "purged"))
	require.Contains(t, s.must(t, http.StatusOK, http.MethodGet, "/repos/sharer/shared/contents/README.md", nil), `"content"`)
	require.Contains(t, s.must(t, http.StatusOK, http.MethodGet, "/repos/sharer/shared/issues", nil), `"mine"`)
	s.must(t, http.StatusNotFound, http.MethodGet, "/repos/purged/shared", nil)
}
