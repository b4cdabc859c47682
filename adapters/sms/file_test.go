package sms

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"accord/app"
)

var noon = time.Date(2026, 2, 3, 12, 0, 0, 5_000, time.FixedZone("", 8*3600))

// contents reads the messages of a directory in the order of their files' names,
// and demands that it holds nothing else.
func contents(t *testing.T, dir string) []map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var all []map[string]string
	for _, entry := range entries {
		require.Equal(t, ".json", filepath.Ext(entry.Name()), entry.Name())
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		var one map[string]string
		require.NoError(t, json.Unmarshal(data, &one))
		all = append(all, one)
	}
	return all
}

func TestFileWritesOneFileForEachMessage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "here")
	at := noon
	f, err := NewFile(FileOptions{Dir: dir, Now: func() time.Time { return at }})
	require.NoError(t, err)
	var want []map[string]string
	for range 12 {
		require.NoError(t, f.Send(t.Context(), message()))
		want = append(want, map[string]string{
			"internationalCode": "86", "mobile": testMobile, "code": testCode, "at": at.UTC().Format(time.RFC3339Nano),
		})
		at = at.Add(7 * time.Second)
	}
	require.Empty(t, cmp.Diff(want, contents(t, dir)), "names do not sort by time")
	_, err = time.Parse(time.RFC3339, want[0]["at"])
	require.NoError(t, err)
	for path, mode := range map[string]os.FileMode{dir: 0o700, first(t, dir): 0o600} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
}

func first(t *testing.T, dir string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all[0]
}

func TestFileNamesAreUniqueAtOneInstant(t *testing.T) {
	dir := t.TempDir()
	const providers, each = 4, 25
	var wg sync.WaitGroup
	for range providers {
		f, err := NewFile(FileOptions{Dir: dir, Now: func() time.Time { return noon }})
		require.NoError(t, err)
		wg.Go(func() {
			for range each {
				if err := f.Send(context.Background(), message()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Len(t, contents(t, dir), providers*each)
}

func TestFileRefuses(t *testing.T) {
	dir := t.TempDir()
	f, err := NewFile(FileOptions{Dir: dir})
	require.NoError(t, err)
	for name, m := range improper() {
		t.Run(name, func(t *testing.T) { requireFailure(t, f.Send(t.Context(), m), true) })
	}
	t.Run("a context that has ended", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := f.Send(ctx, message())
		requireFailure(t, err, true)
		require.ErrorIs(t, err, context.Canceled)
	})
	require.Empty(t, contents(t, dir))
	t.Run("a directory that is gone", func(t *testing.T) {
		require.NoError(t, os.RemoveAll(dir))
		requireFailure(t, f.Send(t.Context(), message()), true)
	})
}

func TestFileOptions(t *testing.T) {
	_, err := NewFile(FileOptions{})
	require.ErrorContains(t, err, "no directory")
	taken := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(taken, nil, 0o600))
	_, err = NewFile(FileOptions{Dir: taken})
	require.ErrorContains(t, err, "cannot be made")
}

func TestFileUsesTheClock(t *testing.T) {
	f, err := NewFile(FileOptions{Dir: t.TempDir()})
	require.NoError(t, err)
	before := time.Now()
	require.NoError(t, f.Send(t.Context(), app.ShortMessage{InternationalCode: "1", Mobile: "2025550123", Code: "x", Language: "en"}))
	got := contents(t, f.options.Dir)
	require.Len(t, got, 1)
	at, err := time.Parse(time.RFC3339, got[0]["at"])
	require.NoError(t, err)
	require.True(t, !at.Before(before.Truncate(time.Microsecond)) && !at.After(time.Now()))
}
