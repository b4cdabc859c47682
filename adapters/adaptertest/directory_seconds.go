package adaptertest

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app/reconcile"
)

// Second addresses of all users are listed, strangers' too, by number; those of an
// account's user also alone.
func repairSeconds(t *testing.T, r repairTest) {
	u, foreign, bare := r.created(t), r.account(), r.created(t)
	r.PlaceUser(t, foreign.Username, foreign.Email)
	for range 60 { // more than a page
		r.created(t)
	}
	ours := []string{"first-" + u.Email, "zz-" + u.Email}
	r.AddEmails(t, u.Username, ours...)
	theirs := "second-" + foreign.Email
	r.AddEmails(t, foreign.Username, theirs)
	number := r.seen(t, u.Username).ID
	want := []reconcile.HeldAddress{{UserID: number, Email: ours[0]}, {UserID: number, Email: ours[1]}}
	byEmail := func(a, b reconcile.HeldAddress) int { return cmp.Compare(a.Email, b.Email) }

	listed := map[int64][]string{}
	for held, err := range r.repaired.EachSecondAddress(t.Context(), unpaced) {
		require.NoError(t, err)
		listed[held.UserID] = append(listed[held.UserID], held.Email)
	}
	require.ElementsMatch(t, ours, listed[number])
	require.Equal(t, []string{theirs}, listed[r.seen(t, foreign.Username).ID])
	require.Empty(t, listed[r.seen(t, bare.Username).ID])

	alone, err := r.repaired.SecondAddresses(t.Context(), u.AccountID)
	require.NoError(t, err)
	slices.SortFunc(alone, byEmail)
	require.Equal(t, want, alone)
	for _, none := range []string{bare.AccountID, r.account().AccountID, ""} {
		alone, err := r.repaired.SecondAddresses(t.Context(), none)
		require.NoError(t, err)
		require.Empty(t, alone)
	}
}
