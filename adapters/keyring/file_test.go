package keyring

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func keyPath(t *testing.T) string { return filepath.Join(t.TempDir(), "keys.json") }

func TestSaveNewAndLoad(t *testing.T) {
	path, r := keyPath(t), generate(t)
	require.NoError(t, r.SaveNew(path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
	names, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, names, 1, "a draft was left behind")

	got, err := Load(path)
	require.NoError(t, err)
	require.Equal(t, r.signing[0].kid, got.signing[0].kid)
}

func TestSaveNewNeverReplacesKeys(t *testing.T) {
	path, r := keyPath(t), generate(t)
	require.NoError(t, r.SaveNew(path))
	require.ErrorIs(t, generate(t).SaveNew(path), fs.ErrExist)
	got, err := Load(path)
	require.NoError(t, err)
	require.Equal(t, r.signing[0].kid, got.signing[0].kid)
}

func TestSaveNewNeedsItsDirectory(t *testing.T) {
	require.ErrorIs(t, generate(t).SaveNew(filepath.Join(t.TempDir(), "absent", "keys.json")), fs.ErrNotExist)
}

func TestLoadRefusesAFileThatOthersMayUse(t *testing.T) {
	for _, mode := range []fs.FileMode{0o604, 0o644, 0o602, 0o666} {
		path := keyPath(t)
		require.NoError(t, generate(t).SaveNew(path))
		require.NoError(t, os.Chmod(path, mode))
		_, err := Load(path)
		require.ErrorContains(t, err, "chmod 600", "mode %o", mode)
		require.ErrorContains(t, err, path)
	}
}

// TestLoadTakesAFileOfOurGroup: Kubernetes gives a mounted key ring mode 0440 and
// the pod's group.
func TestLoadTakesAFileOfOurGroup(t *testing.T) {
	path := keyPath(t)
	require.NoError(t, generate(t).SaveNew(path))
	require.NoError(t, os.Chown(path, -1, os.Getegid()))
	require.NoError(t, os.Chmod(path, 0o440))
	_, err := Load(path)
	require.NoError(t, err)
}

func TestLoadFaults(t *testing.T) {
	_, err := Load(keyPath(t))
	require.ErrorIs(t, err, fs.ErrNotExist)

	_, err = Load(t.TempDir())
	require.ErrorContains(t, err, "not a regular file")

	long := keyPath(t)
	require.NoError(t, os.WriteFile(long, []byte(strings.Repeat(" ", maxFile+1)), 0o600))
	_, err = Load(long)
	require.ErrorContains(t, err, "over")

	broken := keyPath(t)
	require.NoError(t, os.WriteFile(broken, []byte("{}"), 0o600))
	_, err = Load(broken)
	require.ErrorContains(t, err, broken)
	require.ErrorContains(t, err, "version")
	require.ErrorContains(t, err, "sealing")
	_, err = LoadOrGenerate(broken)
	require.Error(t, err, "a broken file was replaced")
}

func TestRacingStartsShareOneRing(t *testing.T) {
	path := keyPath(t)
	const starts = 16
	rings := make([]*Ring, starts)
	var wg sync.WaitGroup
	for i := range starts {
		wg.Go(func() {
			r, err := LoadOrGenerate(path)
			if err != nil {
				t.Error(err)
			}
			rings[i] = r
		})
	}
	wg.Wait()
	sealed, err := rings[0].Seal([]byte("x"), nil)
	require.NoError(t, err)
	for _, r := range rings {
		require.Equal(t, rings[0].signing[0].kid, r.signing[0].kid)
		_, err := r.Open(sealed, nil)
		require.NoError(t, err)
	}
}
