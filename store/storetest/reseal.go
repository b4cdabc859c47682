package storetest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/store"
)

// keyMark begins what a numbered key sealed.
func keyMark(n byte) [5]byte { return [5]byte{1, 0, 0, 0, n} }

// keys is a ring of numbered keys that marks what it seals.
type keys map[byte]cipher.AEAD

func newKeys(numbers ...byte) keys {
	k := keys{}
	for _, n := range numbers {
		var key [32]byte
		_, _ = rand.Read(key[:]) // never fails
		block, err := aes.NewCipher(key[:])
		if err != nil {
			panic(err)
		}
		if k[n], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			panic(err)
		}
	}
	return k
}

// only are the keys of these numbers.
func (k keys) only(numbers ...byte) keys {
	some := keys{}
	for _, n := range numbers {
		some[n] = k[n]
	}
	return some
}

// sealing is a sealer under the key of that number that opens what any sealed.
func (k keys) sealing(n byte) *keyedSealer { return &keyedSealer{keys: k, with: n} }

type keyedSealer struct {
	keys keys
	with byte

	mu     sync.Mutex
	sealed []string // table.column of what was sealed
}

func (s *keyedSealer) Seal(plain, associated []byte) ([]byte, error) {
	parts := strings.Split(string(associated), "\x00")
	s.mu.Lock()
	s.sealed = append(s.sealed, parts[0]+"."+parts[1])
	s.mu.Unlock()
	mark := keyMark(s.with)
	return s.keys[s.with].Seal(mark[:], nil, plain, associated), nil
}

func (s *keyedSealer) Open(sealed, associated []byte) ([]byte, error) {
	if len(sealed) < 5 || s.keys[sealed[4]] == nil {
		return nil, errors.New("under no key of the ring")
	}
	return s.keys[sealed[4]].Open(nil, nil, sealed[5:], associated)
}

// places are what was sealed, each once.
func (s *keyedSealer) places() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Compact(slices.Sorted(slices.Values(s.sealed)))
}

// under opens the database with that sealer.
func (d *database) under(t *testing.T, s store.Sealer) *store.Store {
	t.Helper()
	return openStore(t, store.Options{Driver: d.options.Driver, DSN: d.options.DSN, Sealer: s})
}

// planted is under, with the known text and the secrets sealed by that sealer.
func (d *database) planted(t *testing.T, s store.Sealer) *store.Store {
	t.Helper()
	d.exec(t, "UPDATE key_check SET sealed = NULL")
	d.exec(t, "UPDATE secrets SET sealed = NULL")
	under := d.under(t, s)
	require.NoError(t, under.Migrate(t.Context()))
	return under
}

func atOnce(context.Context, store.Resealed) error { return nil }

// anew seals anew what the first key sealed.
func anew(t *testing.T, s *store.Store) store.Resealed {
	t.Helper()
	mark := keyMark(1)
	done, err := s.Reseal(t.Context(), store.ResealOptions{Stale: [][]byte{mark[:]}, Pace: atOnce})
	require.NoError(t, err)
	return done
}

// sealedBlobs counts the values of every column that could hold a sealed one and
// begins with the mark of that key, by table and column.
func (d *database) sealedBlobs(t *testing.T, n byte) map[string]int {
	t.Helper()
	list := `SELECT m.name AS tab, p.name AS col FROM sqlite_master m JOIN pragma_table_info(m.name) p
		WHERE m.type = 'table' AND p.type = 'BLOB'`
	if d.options.Driver == store.MySQL {
		list = `SELECT table_name AS tab, column_name AS col FROM information_schema.columns
			WHERE table_schema = DATABASE() AND (data_type LIKE '%blob' OR data_type LIKE '%binary')`
	}
	var places []struct {
		Table  string `db:"tab"`
		Column string `db:"col"`
	}
	require.NoError(t, d.raw.Select(&places, list))
	require.NotEmpty(t, places)
	found := map[string]int{}
	for _, p := range places {
		var count int
		mark := keyMark(n)
		require.NoError(t, d.raw.Get(&count, fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE SUBSTR(%s, 1, 5) = ?", p.Table, p.Column), mark[:]))
		if count > 0 {
			found[p.Table+"."+p.Column] = count
		}
	}
	return found
}

// fill has something sealed in every column that anything is sealed in.
func fill(t *testing.T, s *store.Store) app.Account {
	t.Helper()
	a := newAccount(1, "alice", "alice@example.com")
	require.NoError(t, s.Accounts.Reserve(t.Context(), a))
	require.NoError(t, s.People.SetAttributes(t.Context(), a.ID, wholeAttributes, at(0)))
	require.NoError(t, s.Codes.Put(t.Context(), "mail:a/b@example.com", app.AnyPurpose, "7KQ2MX", at(time.Minute), at(0)))
	asked, err := s.Answers.Begin(t.Context(), "key", []byte("fingerprint"), at(0), at(time.Minute))
	require.NoError(t, err)
	require.NoError(t, s.Answers.Keep(t.Context(), asked.Claim, []byte("answer"), at(time.Hour)))
	require.NoError(t, s.Challenges.Put(t.Context(), challenge, app.PictureChallenge, rightAnswer, at(time.Hour), at(0)))
	begin(t, s.Journal, running("saga"))
	return a
}

func resealAll(t *testing.T, d *database) {
	k := newKeys(1, 2)
	before, after := k.sealing(1), k.sealing(2)
	a := fill(t, d.planted(t, before))
	old := d.sealedBlobs(t, 1)
	var columns []string
	for column := range old {
		columns = append(columns, column)
	}
	require.ElementsMatch(t, before.places(), columns, "what is sealed is in the schema's columns")
	require.Contains(t, columns, "sagas.state")

	done := anew(t, d.under(t, after))
	require.Equal(t, old, done.Values, "the store's list, and what fill seals, are the same columns")
	require.Zero(t, done.Overtaken+done.Unreadable)
	require.Empty(t, d.sealedBlobs(t, 1))
	require.Equal(t, old, d.sealedBlobs(t, 2))
	require.Zero(t, anew(t, d.under(t, after)).Total(), "a repeat comes to nothing")

	s := d.under(t, k.only(2).sealing(2))
	require.NoError(t, s.CheckSchema(t.Context()))
	got, err := s.Accounts.ByID(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, a.StorageSecret, got.StorageSecret)
	_, attributes, err := s.People.Hold(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, wholeAttributes, attributes)
	_, _, err = s.Codes.Check(t.Context(), "mail:a/b@example.com", "7KQ2MX", at(0))
	require.NoError(t, err)
	asked, err := s.Answers.Begin(t.Context(), "key", []byte("fingerprint"), at(0), at(time.Minute))
	require.NoError(t, err)
	require.Equal(t, "answer", string(asked.Answer))
	require.NoError(t, s.Challenges.Solve(t.Context(), challenge, app.PictureChallenge, at(0), func(answer app.Secret) bool { return answer == rightAnswer }))
	record, err := s.Journal.Load(t.Context(), "saga")
	require.NoError(t, err)
	require.Equal(t, running("saga").State, record.State)
}

// resealPages goes through more rows than a page has, of both sorts of keys, and
// is cut short after each page.
func resealPages(t *testing.T, d *database) {
	const rows = 230
	k := newKeys(1, 2)
	s := d.planted(t, k.sealing(1))
	for i := range rows {
		require.NoError(t, s.Codes.Put(t.Context(), fmt.Sprint("mail:", i), app.AnyPurpose, "7KQ2MX", at(time.Minute), at(0)))
		begin(t, s.Journal, running(fmt.Sprint("-saga ", i)))
	}
	count, err := s.SealedUnder(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[[5]byte]int{keyMark(1): 2*rows + 2}, count)

	after, mark := d.under(t, k.sealing(2)), keyMark(1)
	cut := store.ResealOptions{Stale: [][]byte{mark[:]}, Pace: func(_ context.Context, done store.Resealed) error {
		if done.Total() > 0 {
			return errOfTest
		}
		return nil
	}}
	var totals []int
	for total := -1; total != 0; {
		done, err := after.Reseal(t.Context(), cut)
		total = done.Total()
		if total > 0 {
			require.ErrorIs(t, err, errOfTest)
			totals = append(totals, total)
		} else {
			require.NoError(t, err)
		}
	}
	require.Equal(t, []int{100, 100, 30, 1, 100, 100, 30, 1}, totals)
	count, err = after.SealedUnder(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[[5]byte]int{keyMark(2): 2*rows + 2}, count)
}

func resealUnreadable(t *testing.T, d *database) {
	k := newKeys(1, 2)
	s := d.planted(t, k.sealing(1))
	for i, name := range []string{"alice", "bob", "carol"} {
		require.NoError(t, s.Accounts.Reserve(t.Context(), newAccount(i, name, name+"@example.com")))
	}
	broken := []byte("\x01\x00\x00\x00\x01 sealed by nobody")
	d.exec(t, "UPDATE accounts SET storage_secret = ? WHERE id = ?", broken, accountID(1))
	done := anew(t, d.under(t, k.sealing(2)))
	require.Equal(t, 2, done.Values["accounts.storage_secret"])
	require.Equal(t, 4, done.Total())
	require.Equal(t, 1, done.Unreadable)
	var kept []byte
	require.NoError(t, d.raw.Get(&kept, "SELECT storage_secret FROM accounts WHERE id = ?", accountID(1)))
	require.Equal(t, broken, kept)
}

// resealRace seals anew on two replicas while a third, which seals under the old
// key still, and they themselves write.
func resealRace(t *testing.T, d *database) {
	const writers, writes = 6, 25
	k := newKeys(1, 2)
	replicas := []*store.Store{d.planted(t, k.sealing(1)), d.under(t, k.sealing(2)), d.under(t, k.sealing(2))}
	for i := range writers {
		begin(t, replicas[0].Journal, running(fmt.Sprint("saga ", i)))
		name := fmt.Sprint("user", i)
		require.NoError(t, replicas[0].Accounts.Reserve(t.Context(), newAccount(i, name, name+"@example.com")))
	}
	state := func(i, n int) string { return fmt.Sprintf("state %d of saga %d", n, i) }
	write := func(i, n int) error {
		s := replicas[n%len(replicas)]
		r := running(fmt.Sprint("saga ", i))
		r.State = []byte(state(i, n))
		activation := activation()
		activation.StorageSecret = app.Secret(state(i, n))
		return errors.Join(
			s.Journal.Append(t.Context(), r.ID, r.Epoch, writing(r, nothing)),
			s.Accounts.Activate(t.Context(), accountID(i), activation))
	}
	mark := keyMark(1)
	var writing sync.WaitGroup
	over := make(chan struct{})
	for i := range writers {
		writing.Go(func() {
			for n := range writes {
				if err := write(i, n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var sealing sync.WaitGroup
	for _, s := range replicas[1:] {
		sealing.Go(func() {
			for {
				if _, err := s.Reseal(t.Context(), store.ResealOptions{Stale: [][]byte{mark[:]}, Pace: atOnce}); err != nil {
					t.Error(err)
				}
				select {
				case <-over:
					return
				default:
				}
			}
		})
	}
	writing.Wait()
	close(over)
	sealing.Wait()
	anew(t, replicas[1])

	count, err := replicas[1].SealedUnder(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[[5]byte]int{keyMark(2): 2*writers + 2}, count)
	s := d.under(t, k.only(2).sealing(2))
	for i := range writers {
		last := state(i, writes-1)
		record, err := s.Journal.Load(t.Context(), fmt.Sprint("saga ", i))
		require.NoError(t, err)
		require.Equal(t, last, string(record.State))
		account, err := s.Accounts.ByID(t.Context(), accountID(i))
		require.NoError(t, err)
		require.Equal(t, last, account.StorageSecret.Reveal())
	}
}

// resealOvertaken has a value change between its being read and being replaced.
func resealOvertaken(t *testing.T, d *database) {
	k := newKeys(1, 2)
	s := d.planted(t, k.sealing(1))
	begin(t, s.Journal, running("saga"))
	r := running("saga")
	r.Phase = saga.Committed
	var ends sync.Once
	meddler := meddling{k.sealing(2), func() {
		ends.Do(func() { require.NoError(t, s.Journal.Append(t.Context(), "saga", 1, writing(r, nothing))) })
	}}
	done := anew(t, d.under(t, meddler))
	require.Equal(t, 1, done.Overtaken)
	record, err := s.Journal.Load(t.Context(), "saga")
	require.NoError(t, err)
	require.Empty(t, record.State, "the state of an ended saga came back")
}

// meddling does something before it opens a saga's state.
type meddling struct {
	store.Sealer
	meddle func()
}

func (m meddling) Open(sealed, associated []byte) ([]byte, error) {
	if strings.HasPrefix(string(associated), "sagas") {
		m.meddle()
	}
	return m.Sealer.Open(sealed, associated)
}
