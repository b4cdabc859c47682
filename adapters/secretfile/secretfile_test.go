package secretfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/secretfile"
)

// described is a file as Check sees it.
type described struct {
	mode fs.FileMode
	gid  uint32
}

func (d described) Name() string       { return "secret" }
func (d described) Size() int64        { return 1 }
func (d described) Mode() fs.FileMode  { return d.mode }
func (d described) ModTime() time.Time { return time.Time{} }
func (d described) IsDir() bool        { return d.mode.IsDir() }
func (d described) Sys() any           { return &syscall.Stat_t{Gid: d.gid} }

func TestCheck(t *testing.T) {
	own := uint32(os.Getegid())
	const foreign = 4_000_000
	for name, c := range map[string]struct {
		file described
		want string
	}{
		"owner alone":                {described{0o600, foreign}, ""},
		"owner may only read":        {described{0o400, foreign}, ""},
		"own group may read":         {described{0o440, own}, ""},
		"own group, as fsGroup does": {described{0o660, own}, ""},
		"foreign group may read":     {described{0o640, foreign}, "belongs to group 4000000"},
		"foreign group may write":    {described{0o620, foreign}, "belongs to group 4000000"},
		"everyone may read":          {described{0o644, own}, "every user of this machine"},
		"everyone may write":         {described{0o602, own}, "every user of this machine"},
		"a directory":                {described{0o700 | fs.ModeDir, own}, "not a regular file"},
		"a pipe":                     {described{0o600 | fs.ModeNamedPipe, own}, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			err := secretfile.Check("secret", c.file)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestOpenFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(target, []byte("s3cret"), 0o600))
	require.NoError(t, os.Symlink(target, link))
	file, err := secretfile.Open(link)
	require.NoError(t, err)
	require.NoError(t, file.Close())

	require.NoError(t, os.Chmod(target, 0o644))
	_, err = secretfile.Open(link)
	require.ErrorContains(t, err, "chmod 600")

	_, err = secretfile.Open(filepath.Join(dir, "absent"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}
