package app_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

func TestRepositoryNames(t *testing.T) {
	for _, name := range []string{"a", "Work.1", "a-b_c", "-x", ".x", "_", strings.Repeat("x", 100), "gitx", "x.gitt"} {
		require.True(t, app.RepositoryNameAllowed(name), name)
	}
	for _, name := range []string{
		"", ".", "..", "-", "a..b", "a b", "a/b", "ä", "x.git", "X.Wiki", "x.rss", "x.ATOM", strings.Repeat("x", 101), "x\n",
	} {
		require.False(t, app.RepositoryNameAllowed(name), name)
	}
}

func TestCreateRepository(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.register(t, "alice", "alice@example.com")
	in := w.signIn(t, "alice")
	p := app.Principal{Account: in.Account, Session: in.Session}
	for name, rule := range map[string]app.Rule{" ": app.NotBlank, strings.Repeat("x", 101): app.Length, "a/b": app.Pattern} {
		_, err := w.service.CreateRepository(t.Context(), p, app.NewRepository{Name: name})
		var e *app.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, app.Invalid, e.Kind)
		require.Equal(t, []app.Violation{{Field: "name", Rule: rule}}, e.Violations)
	}
	made, err := w.service.CreateRepository(t.Context(), p, app.NewRepository{Name: "Work", Private: true})
	require.NoError(t, err)
	require.Equal(t, "alice/Work", made.FullName)
	_, err = w.service.CreateRepository(t.Context(), p, app.NewRepository{Name: "work"})
	require.Equal(t, app.RepositoryTaken, app.KindOf(err))
}
