package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// Nicknames of before the folded column are found once the database is migrated,
// and so are those that a program of before it stores meanwhile.
func TestMigrateFoldsNicknames(t *testing.T) {
	const accounts = 3
	for driver, fresh := range databases {
		t.Run(driver, func(t *testing.T) {
			dsn := fresh(t)
			s := open(t, driver, dsn, nil)
			for i := range accounts {
				a := newAccount(fmt.Sprintf("2601010000000%d", i), fmt.Sprintf("user%0*d", i+1, i))
				a.Nickname = fmt.Sprint("Ärger ", i)
				require.NoError(t, s.Accounts.Reserve(t.Context(), a))
				require.NoError(t, s.Accounts.Activate(t.Context(), a.ID, app.Activation{PasswordHash: "hash", GiteaID: 7}))
			}
			_, err := behind(t, driver, dsn).ExecContext(t.Context(), "UPDATE accounts SET nickname_key = NULL")
			require.NoError(t, err)
			found := func() int {
				_, total, err := s.People.Page(t.Context(), app.PeopleQuery{Keyword: "äRGER", Limit: 10})
				require.NoError(t, err)
				return total
			}
			require.Zero(t, found())
			require.NoError(t, s.Migrate(t.Context()))
			require.Equal(t, accounts, found())
		})
	}
}

// A program of before the folded column changes nicknames without it. Migrate,
// once that program has ended, finds these accounts too, however many there are.
func TestMigrateFoldsNicknamesThatChangedWithoutIt(t *testing.T) {
	const accounts = 502 // more than a page
	for driver, fresh := range databases {
		t.Run(driver, func(t *testing.T) {
			dsn := fresh(t)
			s := open(t, driver, dsn, nil)
			raw := behind(t, driver, dsn)
			ids := make([]string, accounts)
			for i := range ids {
				a := newAccount(fmt.Sprintf("260101%08d", i), fmt.Sprint("user", i))
				a.UserID, ids[i] = int64(i+1), a.ID
				require.NoError(t, s.Accounts.Reserve(t.Context(), a))
			}
			changed := []string{ids[0], ids[accounts-1]}
			for _, id := range changed {
				_, err := raw.ExecContext(t.Context(), `UPDATE accounts
					SET nickname = ?, avatar_url = ?, description = ?, website = ?, location = ?, updated_at = ? WHERE id = ?`,
					"Ärger", "", "", "", "", at(0).UnixMicro(), id)
				require.NoError(t, err)
			}
			require.NoError(t, s.Migrate(t.Context()))
			var right []string
			require.NoError(t, raw.SelectContext(t.Context(), &right, "SELECT id FROM accounts WHERE nickname_key = 'ärger' ORDER BY id"))
			require.Equal(t, changed, right)
			var others int
			require.NoError(t, raw.GetContext(t.Context(), &others, "SELECT COUNT(*) FROM accounts WHERE nickname_key = username_key"))
			require.Equal(t, accounts-len(changed), others)
		})
	}
}
