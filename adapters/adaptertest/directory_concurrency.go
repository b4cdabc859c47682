package adaptertest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// together runs n calls that start at once and returns their errors.
func together(n int, call func(i int) error) []error {
	start, errs := make(chan struct{}), make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = call(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// rivals are accounts that want the same.
const rivals = 24

// changers are accounts that are changed at once; each is made first.
const changers = 8

func (d directoryTest) rivals() []app.DirectoryUser {
	all := make([]app.DirectoryUser, rivals)
	for i := range all {
		all[i] = d.account()
	}
	return all
}

// oneWins creates all of them at once and returns the one who is in; the
// others were told that it is, in the way that taken says.
func (d directoryTest) oneWins(t *testing.T, all []app.DirectoryUser, kind app.Kind) app.DirectoryUser {
	t.Helper()
	errs := together(len(all), func(i int) error {
		_, err := d.Directory.CreateUser(t.Context(), all[i])
		return err
	})
	var winners []app.DirectoryUser
	for i, err := range errs {
		if err == nil {
			winners = append(winners, all[i])
		}
	}
	require.Len(t, winners, 1, "%v", errs)
	for _, err := range errs {
		if err != nil {
			requireTaken(t, err, kind, winners[0].Username, winners[0].AccountID)
		}
	}
	require.Equal(t, winners[0].AccountID, d.MarkOf(t, winners[0].Username))
	return winners[0]
}

// mixed spells a word with capitals where n has ones.
func mixed(word string, n int) string {
	var b strings.Builder
	for i, c := range strings.ToLower(word) {
		if n>>i&1 == 1 {
			b.WriteString(strings.ToUpper(string(c)))
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func directoryOneName(t *testing.T, d directoryTest) {
	all := d.rivals()
	for i := range all {
		all[i].Username = mixed(all[0].Username, i)
	}
	winner := d.oneWins(t, all, app.UserTaken)
	require.Contains(t, d.Describe(t, winner.Username), winner.Email)
}

func directoryOneEmail(t *testing.T, d directoryTest) {
	all := d.rivals()
	for i := range all {
		all[i].Email = mixed(all[0].Email, i)
	}
	winner := d.oneWins(t, all, app.EmailTaken)
	for _, u := range all {
		require.Equal(t, u.Username == winner.Username, d.Describe(t, u.Username) != "")
	}
}

func directoryOneAccount(t *testing.T, d directoryTest) {
	u, ids := d.account(), make([]int64, rivals)
	for _, err := range together(rivals, func(i int) (err error) {
		ids[i], err = d.Directory.CreateUser(t.Context(), u)
		return err
	}) {
		require.NoError(t, err)
	}
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
}

func directoryManyAccounts(t *testing.T, d directoryTest) {
	all, ids := d.rivals(), make([]int64, rivals)
	for _, err := range together(rivals, func(i int) (err error) {
		ids[i], err = d.Directory.CreateUser(t.Context(), all[i])
		return err
	}) {
		require.NoError(t, err)
	}
	different := map[int64]bool{}
	for i, u := range all {
		different[ids[i]] = true
		require.Equal(t, u.AccountID, d.MarkOf(t, u.Username))
	}
	require.Len(t, different, rivals)
}

// However the calls meet, a deletion after them leaves no token alive.
func directoryOneToken(t *testing.T, d directoryTest) {
	u, tokens := d.created(t), make([]app.Secret, rivals)
	together(rivals, func(i int) (err error) {
		if i%3 == 2 {
			return d.Directory.DeleteToken(t.Context(), ref(u), "accord-race")
		}
		tokens[i], err = d.Directory.CreateToken(t.Context(), ref(u), "accord-race")
		return err
	})
	require.NoError(t, d.Directory.DeleteToken(t.Context(), ref(u), "accord-race"))
	made := 0
	for _, token := range tokens {
		if token != "" {
			made++
			require.Empty(t, d.TokenOwner(t, token))
		}
	}
	require.Positive(t, made)
}

func directoryManyTokens(t *testing.T, d directoryTest) {
	u, tokens := d.created(t), make([]app.Secret, rivals)
	name := func(i int) string { return fmt.Sprintf("accord-many%d", i) }
	for _, err := range together(rivals, func(i int) (err error) {
		tokens[i], err = d.Directory.CreateToken(t.Context(), ref(u), name(i))
		return err
	}) {
		require.NoError(t, err)
	}
	for _, err := range together(rivals/2, func(i int) error {
		return d.Directory.DeleteToken(t.Context(), ref(u), name(i))
	}) {
		require.NoError(t, err)
	}
	for i, token := range tokens {
		require.Equal(t, i >= rivals/2, d.TokenOwner(t, token) == u.Username)
	}
}

// Removals by the owner and by others meet: the user goes, and no call fails.
func directoryRemovals(t *testing.T, d directoryTest) {
	u, bystander := d.created(t), d.created(t)
	for _, err := range together(rivals, func(i int) error {
		if i%2 == 0 {
			return d.Directory.RemoveUser(t.Context(), u.Username, u.AccountID)
		}
		return d.Directory.RemoveUser(t.Context(), bystander.Username, u.AccountID)
	}) {
		require.NoError(t, err)
	}
	require.Empty(t, d.Describe(t, u.Username))
	require.Equal(t, bystander.AccountID, d.MarkOf(t, bystander.Username))
}
