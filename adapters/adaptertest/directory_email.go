package adaptertest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// free requires that nobody holds the address: somebody can come with it.
func (d directoryTest) free(t *testing.T, email string) {
	t.Helper()
	u := d.account()
	u.Email = email
	_, err := d.Directory.CreateUser(t.Context(), u)
	require.NoError(t, err)
	require.NoError(t, d.Directory.RemoveUser(t.Context(), u.Username, u.AccountID))
}

func directoryEmail(t *testing.T, d directoryTest) {
	u, next := d.created(t), d.account().Email
	for range 2 {
		require.NoError(t, d.Directory.SetEmail(t.Context(), ref(u), next))
		require.Contains(t, d.Describe(t, u.Username), next)
		require.NotContains(t, d.Describe(t, u.Username), u.Email)
	}
	d.free(t, u.Email)
	other := d.account()
	other.Email = next
	_, err := d.Directory.CreateUser(t.Context(), other)
	requireTaken(t, err, app.EmailTaken, u.Username, u.AccountID)

	before := d.Describe(t, u.Username)
	require.NoError(t, d.Directory.SetEmail(t.Context(), ref(u), strings.ToUpper(next)), "its own in other letters")
	require.Equal(t, before, d.Describe(t, u.Username))
	require.NoError(t, d.Directory.SetEmail(t.Context(), ref(u), u.Email), "and back")
	d.free(t, next)
}

func directoryEmailOfAnother(t *testing.T, d directoryTest) {
	u, ours, foreign, second := d.created(t), d.created(t), d.account(), d.account()
	d.PlaceUser(t, foreign.Username, foreign.Email, second.Email)
	before := d.Describe(t, u.Username)
	for email, holder := range map[string]app.DirectoryUser{
		ours.Email: ours, strings.ToUpper(ours.Email): ours, strings.ToLower(foreign.Email): foreign, second.Email: foreign,
	} {
		beside := d.Describe(t, holder.Username)
		err := d.Directory.SetEmail(t.Context(), ref(u), email)
		requireTaken(t, err, app.EmailTaken, holder.Username, d.MarkOf(t, holder.Username))
		require.Equal(t, before, d.Describe(t, u.Username))
		require.Equal(t, beside, d.Describe(t, holder.Username))
	}
}

// A person may have added addresses, the wanted one among them.
func directoryEmailSeconds(t *testing.T, d directoryTest) {
	u, wanted, others := d.created(t), d.account().Email, []string{d.account().Email, d.account().Email}
	d.AddEmails(t, u.Username, append(others, wanted)...)
	require.NoError(t, d.Directory.SetEmail(t.Context(), ref(u), strings.ToLower(wanted)))
	require.Contains(t, d.Describe(t, u.Username), strings.ToLower(wanted))
	for _, gone := range append(others, u.Email, wanted) {
		require.NotContains(t, d.Describe(t, u.Username), gone)
	}
	for _, gone := range append(others, u.Email) {
		d.free(t, gone)
	}

	d.AddEmails(t, u.Username, others...)
	require.NoError(t, d.Directory.SetEmail(t.Context(), ref(u), wanted), "the address that is the first already")
	for _, gone := range others {
		require.NotContains(t, d.Describe(t, u.Username), gone)
	}
}

func directoryEmailRefused(t *testing.T, d directoryTest) {
	u := d.created(t)
	before := d.Describe(t, u.Username)
	for _, email := range []string{
		"", "dt", "dt@", "d t@example.com", "-dt@example.com", strings.Repeat("x", app.MaxEmail) + "@example.com",
	} {
		requireInvalid(t, d.Directory.SetEmail(t.Context(), ref(u), email), "email")
		require.Equal(t, before, d.Describe(t, u.Username))
	}
}

// However they meet, one has the address and the others are as they were.
func directoryOneNewEmail(t *testing.T, d directoryTest) {
	wanted, all, before := d.account().Email, make([]app.DirectoryUser, changers), make([]string, changers)
	for i := range all {
		all[i] = d.created(t)
		before[i] = d.Describe(t, all[i].Username)
	}
	errs := together(changers, func(i int) error {
		return d.Directory.SetEmail(t.Context(), ref(all[i]), mixed(wanted, i))
	})
	var winners []app.DirectoryUser
	for i, err := range errs {
		if err == nil {
			winners = append(winners, all[i])
		}
	}
	require.Len(t, winners, 1, "%v", errs)
	for i, err := range errs {
		if err != nil {
			requireTaken(t, err, app.EmailTaken, winners[0].Username, winners[0].AccountID)
			require.Equal(t, before[i], d.Describe(t, all[i].Username))
		}
	}
	d.free(t, winners[0].Email)
}

func directoryManyChanges(t *testing.T, d directoryTest) {
	all, next := make([]app.DirectoryUser, changers), make([]string, changers)
	for i := range all {
		all[i], next[i] = d.created(t), d.account().Email
	}
	for _, err := range together(changers, func(i int) error {
		if err := d.Directory.SetEmail(t.Context(), ref(all[i]), next[i]); err != nil {
			return err
		}
		return d.Directory.SetPassword(t.Context(), ref(all[i]), app.Secret(next[i]))
	}) {
		require.NoError(t, err)
	}
	for i, u := range all {
		require.Contains(t, d.Describe(t, u.Username), next[i])
		require.True(t, d.SignsIn(t, u.Username, app.Secret(next[i])))
		require.Equal(t, u.AccountID, d.MarkOf(t, u.Username))
	}
}

// Purges of one user and of its neighbours meet: each goes, and no other.
func directoryPurges(t *testing.T, d directoryTest) {
	u, bystander := d.created(t), d.created(t)
	d.GiveRepository(t, u.Username, "kept")
	errs := together(6, func(int) error { return d.Directory.PurgeUser(t.Context(), ref(u)) })
	for _, err := range errs {
		if err != nil { // Gitea can stumble over a purge that meets another
			require.Equal(t, app.DirectoryFailed, app.KindOf(err))
		}
	}
	require.NoError(t, d.Directory.PurgeUser(t.Context(), ref(u)))
	require.Empty(t, d.Describe(t, u.Username))
	require.Equal(t, bystander.AccountID, d.MarkOf(t, bystander.Username))
}
