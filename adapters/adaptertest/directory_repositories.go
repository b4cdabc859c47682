package adaptertest

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// DirectoryRepositories runs the conformance suite of app.DirectoryRepositories.
// Fixtures are those of Directory, whose suite may run on the same directory before.
func DirectoryRepositories(t *testing.T, fixture func(*testing.T) (DirectoryFixture, app.DirectoryRepositories)) {
	var names atomic.Int64
	const apart = 90_000 // from the accounts of Directory
	names.Store(apart)
	for name, test := range map[string]func(*testing.T, repositoriesTest){
		"a repository is the user's own":       repositoryCreated,
		"a name is taken in any case":          repositoryTaken,
		"a name that is not taken":             repositoryNameRefused,
		"another's user gets none":             repositoryForeign,
		"a renamed user is followed":           repositoryRenamed,
		"a call whose context has ended":       repositoryEnded,
		"one repository of one name at once":   repositoryOnce,
		"a repository of a user who was ended": repositoryPurged,
	} {
		t.Run(name, func(t *testing.T) {
			f, repositories := fixture(t)
			test(t, repositoriesTest{directoryTest{f, &names}, repositories})
		})
	}
}

type repositoriesTest struct {
	directoryTest
	repositories app.DirectoryRepositories
}

func (d repositoriesTest) requireKind(t *testing.T, kind app.Kind, ref app.DirectoryRef, name string) {
	t.Helper()
	_, err := d.repositories.CreateRepository(t.Context(), ref, app.NewRepository{Name: name})
	require.Equal(t, kind, app.KindOf(err), "%q: %v", name, err)
	require.True(t, saga.IsRefused(err), "%q: %v", name, err)
}

func repositoryCreated(t *testing.T, d repositoriesTest) {
	u := d.created(t)
	for _, r := range []app.NewRepository{
		{Name: "Hidden_1", Private: true},
		{Name: "shown.2"},
		{Name: "-ready-", Private: true, AutoInit: true},
		{Name: strings.Repeat("x", app.MaxRepositoryName)},
	} {
		made, err := d.repositories.CreateRepository(t.Context(), ref(u), r)
		require.NoError(t, err)
		require.Equal(t, r.Name, made.Name)
		require.Equal(t, u.Username+"/"+r.Name, made.FullName)
		require.Equal(t, r.Private, made.Private)
		require.True(t, strings.HasSuffix(made.CloneURL, "/"+made.FullName+".git"), made.CloneURL)
		require.True(t, strings.HasSuffix(made.PageURL, "/"+made.FullName), made.PageURL)
		require.Contains(t, d.belongings(t, u).Repositories, r.Name)
	}
}

func repositoryTaken(t *testing.T, d repositoriesTest) {
	u, other := d.created(t), d.created(t)
	d.GiveRepository(t, u.Username, "Work")
	before := d.Describe(t, u.Username)
	for _, name := range []string{"Work", "work", "WORK"} {
		d.requireKind(t, app.RepositoryTaken, ref(u), name)
	}
	require.Equal(t, before, d.Describe(t, u.Username))
	_, err := d.repositories.CreateRepository(t.Context(), ref(other), app.NewRepository{Name: "Work"})
	require.NoError(t, err, "names are each user's own")
}

func repositoryNameRefused(t *testing.T, d repositoriesTest) {
	u := d.created(t)
	before := d.Describe(t, u.Username)
	for _, name := range []string{
		"", ".", "..", "-", "a..b", "a b", "a/b", "../x", "a\x00", "ä", "x.git", "X.GIT", "x.wiki", "x.rss", "x.atom",
		strings.Repeat("x", app.MaxRepositoryName+1),
	} {
		d.requireKind(t, app.Invalid, ref(u), name)
	}
	require.Equal(t, before, d.Describe(t, u.Username))
}

func repositoryForeign(t *testing.T, d repositoriesTest) {
	foreign, ours, absent := d.account(), d.created(t), d.account()
	d.PlaceUser(t, foreign.Username, foreign.Email)
	before, beside := d.Describe(t, foreign.Username), d.Describe(t, ours.Username)
	swapped := app.DirectoryRef{AccountID: absent.AccountID, Username: ours.Username}
	for _, r := range []app.DirectoryRef{ref(foreign), ref(absent), swapped, {Username: ours.Username}, {Username: foreign.Username}} {
		d.requireKind(t, app.DirectoryFailed, r, "work")
	}
	require.Equal(t, before, d.Describe(t, foreign.Username))
	require.Equal(t, beside, d.Describe(t, ours.Username))
}

func repositoryRenamed(t *testing.T, d repositoriesTest) {
	u, now := d.created(t), d.account().Username
	d.Rename(t, u.Username, now)
	made, err := d.repositories.CreateRepository(t.Context(), ref(u), app.NewRepository{Name: "work"})
	require.NoError(t, err)
	require.Equal(t, now+"/work", made.FullName)
}

func repositoryEnded(t *testing.T, d repositoriesTest) {
	u := d.created(t)
	before := d.Describe(t, u.Username)
	ctx, cancel := contextEnded(t)
	defer cancel()
	_, err := d.repositories.CreateRepository(ctx, ref(u), app.NewRepository{Name: "work"})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, before, d.Describe(t, u.Username))
}

func repositoryOnce(t *testing.T, d repositoriesTest) {
	u := d.created(t)
	var made atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			_, err := d.repositories.CreateRepository(t.Context(), ref(u), app.NewRepository{Name: "work"})
			if err == nil {
				made.Add(1)
				return
			}
			assert.Contains(t, []app.Kind{app.RepositoryTaken, app.DirectoryFailed}, app.KindOf(err), "%v", err)
		})
	}
	group.Wait()
	require.Positive(t, made.Load())
	require.Equal(t, []string{"work"}, d.belongings(t, u).Repositories)
}

func repositoryPurged(t *testing.T, d repositoriesTest) {
	u := d.created(t)
	_, err := d.repositories.CreateRepository(t.Context(), ref(u), app.NewRepository{Name: "work", Private: true})
	require.NoError(t, err)
	require.NoError(t, d.Directory.PurgeUser(t.Context(), ref(u)))
	require.Empty(t, d.Describe(t, u.Username))
	d.requireKind(t, app.DirectoryFailed, ref(u), "again")
}
