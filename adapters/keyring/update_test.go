package keyring

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func saved(t *testing.T) (string, *Ring) {
	t.Helper()
	path, r := keyPath(t), generate(t)
	require.NoError(t, r.SaveNew(path))
	return path, r
}

// sealingRotation gives the sealing keys a successor at once.
func sealingRotation(r *Ring) (*Ring, error) {
	return r.Rotated(Rotation{Sealing: true, Now: time.Now(), ActiveFrom: time.Now()})
}

func TestUpdate(t *testing.T) {
	path, r := saved(t)
	sealed := seal(t, r)
	require.NoError(t, Update(path, sealingRotation))
	got, err := Load(path)
	require.NoError(t, err)
	require.Len(t, got.sealing, 2)
	requireOpens(t, got, sealed)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
	names, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, names, 1, "something was left behind")
}

func TestUpdateThatFailsLeavesTheFile(t *testing.T) {
	path, _ := saved(t)
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	failed := errors.New("of the test")
	require.ErrorIs(t, Update(path, func(*Ring) (*Ring, error) { return nil, failed }), failed)
	require.ErrorContains(t, Update(path, func(r *Ring) (*Ring, error) {
		broken := *r
		broken.signing = nil
		return &broken, nil
	}), "no signing key")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.ErrorIs(t, Update(keyPath(t), sealingRotation), fs.ErrNotExist)
}

func TestUpdateFollowsALink(t *testing.T) {
	path, _ := saved(t)
	link := keyPath(t)
	require.NoError(t, os.Symlink(path, link))
	require.NoError(t, Update(link, sealingRotation))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.Equal(t, fs.ModeSymlink, info.Mode().Type())
	got, err := Load(link)
	require.NoError(t, err)
	require.Len(t, got.sealing, 2)
}

// No update is lost where many come at once.
func TestUpdatesWaitForEachOther(t *testing.T) {
	const updates = 16
	path, _ := saved(t)
	var wg sync.WaitGroup
	for range updates {
		wg.Go(func() {
			if err := Update(path, sealingRotation); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := Load(path)
	require.NoError(t, err)
	require.Len(t, got.sealing, 1+updates)
}

func follow(t *testing.T, path string) (*Live, *strings.Builder) {
	t.Helper()
	var log strings.Builder
	l, err := Follow(path, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	return l, &log
}

func TestAChangedFileIsReadAgain(t *testing.T) {
	path, r := saved(t)
	l, log := follow(t, path)
	l.Reload()
	require.Empty(t, log.String(), "nothing has changed")
	require.NoError(t, Update(path, func(r *Ring) (*Ring, error) {
		return r.Rotated(Rotation{Signing: true, Sealing: true, Now: day, ActiveFrom: day, TokenLife: life})
	}))
	l.Reload()
	require.Contains(t, log.String(), "was read again")
	kid, _ := l.SigningKey(day)
	require.NotEqual(t, r.signing[0].kid, kid)
	require.Len(t, l.VerificationKeys(day), 2)
	require.Len(t, l.Stale(), 1)
	require.NotContains(t, log.String(), seedOf(r))
}

func TestKeepLooksAtEveryTick(t *testing.T) {
	path, _ := saved(t)
	l, _ := follow(t, path)
	require.NoError(t, Update(path, sealingRotation))
	ctx, end := context.WithCancel(t.Context())
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() {
		l.Keep(ctx, ticks)
		close(ended)
	}()
	ticks <- time.Time{}
	ticks <- time.Time{} // the first one is dealt with
	require.Len(t, l.Ring().sealing, 2)
	end()
	<-ended
}

func TestAFaultyFileLeavesTheKeys(t *testing.T) {
	other := encode(t, generate(t))
	for name, c := range map[string]struct {
		data  []byte
		mode  fs.FileMode
		fault string
	}{
		"garbled":        {[]byte("{"), 0o600, "not a key ring"},
		"open to others": {other, 0o644, "chmod 600"},
		"another ring":   {other, 0o600, "another ring"},
		"none":           {nil, 0, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			path, r := saved(t)
			whole, err := os.ReadFile(path)
			require.NoError(t, err)
			l, log := follow(t, path)
			require.NoError(t, os.Remove(path))
			if c.data != nil {
				require.NoError(t, os.WriteFile(path, c.data, 0o600))
				require.NoError(t, os.Chmod(path, c.mode))
			}
			l.Reload()
			l.Reload()
			require.Equal(t, 1, strings.Count(log.String(), "level=ERROR"), "told once")
			require.Contains(t, log.String(), c.fault)
			sealed, err := l.Seal([]byte("kept"), []byte("place"))
			require.NoError(t, err)
			requireOpens(t, r, sealed)

			require.NoError(t, os.WriteFile(path, whole, 0o600))
			require.NoError(t, os.Chmod(path, 0o600))
			l.Reload()
			require.Contains(t, log.String(), "was read again")
		})
	}
}

// What another replica seals under a key that is not known here yet opens.
func TestAnUnknownKeyIsLookedFor(t *testing.T) {
	path, _ := saved(t)
	l, log := follow(t, path)
	require.NoError(t, Update(path, sealingRotation))
	other, err := Load(path)
	require.NoError(t, err)
	plain, err := l.Open(seal(t, other), []byte("place"))
	require.NoError(t, err)
	require.Equal(t, "kept", string(plain))

	read := strings.Count(log.String(), "was read again")
	_, err = l.Open(seal(t, generate(t)), []byte("place"))
	require.Error(t, err)
	_, err = l.Open(nil, []byte("place"))
	require.Error(t, err)
	require.Equal(t, read, strings.Count(log.String(), "was read again"), "a file that is as it was is not read")
}
