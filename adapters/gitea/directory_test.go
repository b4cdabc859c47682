package gitea_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/adaptertest"
	"accord/adapters/gitea"
	"accord/app"
)

func TestDirectory(t *testing.T) {
	s := shared(t)
	d := newDirectory(t, s.options())
	adaptertest.Directory(t, func(*testing.T) adaptertest.DirectoryFixture { return s.fixture(d) })
}

func TestDirectoryRepairs(t *testing.T) {
	s := shared(t)
	d := newDirectory(t, s.options())
	adaptertest.DirectoryRepairs(t, func(*testing.T) adaptertest.DirectoryFixture { return s.fixture(d) })
}

func TestDirectoryDoor(t *testing.T) {
	s := shared(t)
	d := newDirectory(t, s.options())
	adaptertest.DirectoryDoor(t, func(*testing.T) (adaptertest.DirectoryFixture, app.DirectoryDoor) { return s.fixture(d), d })
}

func TestDirectoryRepositories(t *testing.T) {
	s := shared(t)
	d := newDirectory(t, s.options())
	adaptertest.DirectoryRepositories(t, func(*testing.T) (adaptertest.DirectoryFixture, app.DirectoryRepositories) {
		return s.fixture(d), d
	})
}

// The administrator's token serves as well as the password.
func TestDirectoryWithToken(t *testing.T) {
	s := started(t, "")
	o := s.options()
	o.AdminToken = s.adminToken(t, "conformance", "write:admin", "read:user")
	d := newDirectory(t, o)
	adaptertest.Directory(t, func(*testing.T) adaptertest.DirectoryFixture { return s.fixture(d) })
	adaptertest.DirectoryRepairs(t, func(*testing.T) adaptertest.DirectoryFixture { return s.fixture(d) })
	adaptertest.DirectoryRepositories(t, func(*testing.T) (adaptertest.DirectoryFixture, app.DirectoryRepositories) {
		return s.fixture(d), d
	})
}

func TestNewReportsEveryFault(t *testing.T) {
	_, err := gitea.New(gitea.Options{URL: "ftp://x", Timeout: -1, Scopes: []string{"all"}})
	for _, fault := range []string{"URL", "name", "password", "time-out", "scopes"} {
		require.ErrorContains(t, err, fault)
	}
}

func TestNewNeverRepeatsAPassword(t *testing.T) {
	for _, url := range []string{
		"http://user:hunter22@host", "http://host/?p=hunter22", "http://host/#hunter22", "http://hunter22\x00", "hunter22",
	} {
		_, err := gitea.New(gitea.Options{URL: url, AdminUser: "root:hunter22", AdminPassword: "hunter22"})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter22")
	}
}
