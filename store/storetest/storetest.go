// Package storetest is the conformance suite of the store: whatever database it
// works on, it has to behave the same.
package storetest

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
	"accord/store"
)

// racers is how many goroutines contend in the concurrency tier.
const racers = 64

// Run tests the store on one kind of database. fresh makes an empty one,
// removes it by t.Cleanup, and returns its DSN.
func Run(t *testing.T, driver string, fresh func(t testing.TB) string) {
	tests := map[string]func(*testing.T, *database){
		"addresses: 64 at once, one address":                emailRace,
		"leaving: who cannot be read holds nobody up":       departedUnreadable,
		"leaving: a tombstone tells nothing":                buryRows,
		"invites: kept as hashes":                           inviteHashed,
		"listings: accounts":                                accountPages,
		"listings: sessions":                                sessionPages,
		"listings: oldest sessions":                         oldestSessions,
		"leaders: one at a time":                            leaderLife,
		"leaders: 64 at once":                               leaderRace,
		"leaders: a former one writes nothing":              leaderFences,
		"leftovers: what ends at a time":                    leftoverTimes,
		"leftovers: sessions":                               leftoverSessions,
		"leftovers: reserved accounts":                      leftoverReserved,
		"leftovers: abandoned accounts":                     leftoverStripped,
		"leftovers: positions":                              sweepPositions,
		"leftovers: cleared at once":                        leftoverRace,
		"budgets: from free to locked and back":             budgetThrottle,
		"budgets: a quota in a window":                      budgetQuota,
		"budgets: several keys, all or none":                budgetTogether,
		"budgets: as the model decides":                     budgetModel,
		"budgets: forgotten and returned":                   budgetSettle,
		"budgets: part of a transaction":                    budgetInside,
		"budgets: old ones are cleared up":                  budgetPruned,
		"budgets: a lock outlasts its count":                budgetLockKept,
		"budgets: 64 at once":                               budgetRace,
		"budgets: 64 at once, all of them settled":          budgetSettleRace,
		"budgets: a refusal names what is full":             budgetBlame,
		"codes: 64 guesses at once":                         codeGuessed,
		"codes: sealed in their place":                      codeSealed,
		"codes: old ones are cleared up":                    codePruned,
		"codes: put 64 times at once":                       codePutRace,
		"answers: from claimed to kept":                     answerLife,
		"answers: a claim given up":                         answerDropped,
		"answers: a claim that ran out":                     answerLost,
		"answers: sealed in their place":                    answerSealed,
		"answers: old ones are cleared up":                  answerPruned,
		"answers: asked for 64 times at once":               answerRace,
		"answers: claimed and given up at once":             answerDropRace,
		"proofs: old ones are cleared up":                   proofPruned,
		"challenges: from drawn to solved":                  challengeLife,
		"challenges: wrong tries":                           challengeTries,
		"challenges: sealed in their place":                 challengeSealed,
		"challenges: old ones are cleared up":               challengePruned,
		"challenges: solved 64 times at once":               challengeRace,
		"challenges: guessed 64 times at once":              challengeGuessed,
		"places: old ones are cleared up":                   placePruned,
		"places: 64 at once":                                placeRace,
		"secrets: the key of digests":                       digestKey,
		"sessions: open against a change of credentials":    sessionRace,
		"sealing: nothing readable in the columns":          sealedColumns,
		"sealing: another key opens nothing":                sealedOtherKey,
		"sealing: a value opens in its own row only":        sealedPlace,
		"sealing: every value is sealed anew":               resealAll,
		"sealing: anew page by page, cut short":             resealPages,
		"sealing: anew but for what cannot be opened":       resealUnreadable,
		"sealing: anew while others write":                  resealRace,
		"sealing: a value that changed is not sealed anew":  resealOvertaken,
		"transactions: local writes share the journal's":    txShared,
		"transactions: another store's are not joined":      txOtherStore,
		"journal: texts are made to fit":                    journalClips,
		"journal: times are kept to the microsecond":        journalTimes,
		"journal: entries around takeovers":                 journalTakeovers,
		"journal: what cannot be opened holds nobody up":    journalUnreadable,
		"journal: two replicas share the sagas out":         journalReplicas,
		"audit: entries are kept":                           auditKept,
		"audit: texts are made to fit":                      auditClips,
		"audit: part of a transaction":                      auditTransaction,
		"audit: an altered entry is named":                  auditTampered,
		"audit: entries that changed places":                auditReordered,
		"audit: a missing entry is named":                   auditMissing,
		"audit: hashes made anew":                           auditRewritten,
		"audit: more than a page":                           auditPaged,
		"audit: 64 at once":                                 auditRace,
		"machines: lowest free id":                          machineLowest,
		"machines: renew and release":                       machineRenew,
		"machines: all in use":                              machineExhausted,
		"machines: raced by two replicas":                   machineRace,
		"repairs: accounts in order":                        repairLists,
		"repairs: more than a page":                         repairPages,
		"repairs: pending sagas":                            repairPending,
		"repairs: open sessions":                            repairSessions,
		"repairs: what is written down":                     repairWrites,
		"repairs: part of a transaction":                    repairInside,
		"census: sagas by phase":                            sagasCounted,
		"adoption: a password is kept":                      adoptionKeeps,
		"adoption: what is taken":                           claims,
		"migrations: a migrated database":                   migrated,
		"migrations: a newer database":                      migratedNewer,
		"migrations: a database that does not answer fails": migratedClosed,
	}
	maps.Copy(tests, portTests())
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open(t, driver, fresh(t))) })
	}
	t.Run("migrations: four at once", func(t *testing.T) { migrateTogether(t, driver, fresh(t)) })
	t.Run("journal", func(t *testing.T) {
		sagatest.TestJournal(t, func(t *testing.T) saga.Journal { return open(t, driver, fresh(t)).Journal })
	})
	t.Run("archive", func(t *testing.T) {
		sagatest.TestArchive(t, func(t *testing.T) (saga.Journal, saga.Archive) {
			d := open(t, driver, fresh(t))
			return d.Journal, d.Archive
		})
	})
}

// database is a migrated store, and the same database without it.
type database struct {
	*store.Store
	options store.Options
	raw     *sqlx.DB
	// setStatus changes an account behind the store's back.
	setStatus func(t *testing.T, id string, status app.Status)
	// replica opens the same database once more.
	replica func(t *testing.T) *store.Store
}

func open(t *testing.T, driver, dsn string) *database {
	t.Helper()
	o := store.Options{Driver: driver, DSN: dsn, Sealer: NewSealer()}
	s := openStore(t, o)
	require.NoError(t, s.Migrate(t.Context()))
	if driver == store.SQLite {
		dsn += "?_txlock=immediate&_busy_timeout=10000"
	}
	raw, err := sqlx.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, raw.Close()) })
	d := &database{Store: s, options: o, raw: raw}
	d.replica = func(t *testing.T) *store.Store { return openStore(t, o) }
	d.setStatus = func(t *testing.T, id string, status app.Status) {
		d.exec(t, "UPDATE accounts SET status = ? WHERE id = ?", string(status), id)
	}
	return d
}

func openStore(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// exec changes the database behind the store's back.
func (d *database) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	_, err := d.raw.ExecContext(t.Context(), query, args...)
	require.NoError(t, err)
}

// NewSealer makes a sealer with a key of its own.
func NewSealer() store.Sealer {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	return SealerOf(key)
}

// SealerOf makes a sealer of that key, for processes that share a database.
func SealerOf(key [32]byte) store.Sealer {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return sealer{aead}
}

type sealer struct{ aead cipher.AEAD }

func (s sealer) Seal(plain, associated []byte) ([]byte, error) {
	return s.aead.Seal(nil, nil, plain, associated), nil
}

func (s sealer) Open(sealed, associated []byte) ([]byte, error) {
	return s.aead.Open(nil, nil, sealed, associated)
}

// at is a moment of the suite's own time.
func at(d time.Duration) time.Time {
	return time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC).Add(d)
}

// accountID makes a 14-digit id out of a small number.
func accountID(n int) string { return fmt.Sprintf("2603011200%04d", n) }

func newAccount(n int, username, email string) app.Account {
	id := accountID(n)
	return app.Account{
		ID: id, UserID: int64(n) + 1<<60, Username: username, Email: email, Profile: app.Profile{Nickname: username},
		Status: app.Reserved, Role: app.User, GiteaPassword: app.SamePassword, GiteaOrigin: app.Created, StorageOrigin: app.Created,
		StorageKey: app.StorageKeyOf(id), StorageSecret: "the storage secret of it",
		CreatedAt: at(0), UpdatedAt: at(0),
	}
}

func activation() app.Activation {
	return app.Activation{
		PasswordHash: "$argon2id$hash", GiteaID: 7, StorageKey: "acc-key",
		StorageSecret: "the learnt storage secret", At: at(time.Minute),
	}
}

// normal makes an account that may sign in.
func normal(t *testing.T, d *database, n int, username string) app.Account {
	t.Helper()
	a := newAccount(n, username, username+"@example.com")
	require.NoError(t, d.Accounts.Reserve(t.Context(), a))
	require.NoError(t, d.Accounts.Activate(t.Context(), a.ID, activation()))
	a, err := d.Accounts.ByID(t.Context(), a.ID)
	require.NoError(t, err)
	return a
}

func newSession(name string, a app.Account) app.Session {
	return app.Session{
		ID: name + strings.Repeat("x", 26-len(name)), AccountID: a.ID, CredentialEpoch: a.CredentialEpoch,
		IP: "2001:db8::1", Device: "curl/8 – 设备 📱", CreatedAt: at(0), ExpiresAt: at(time.Hour),
	}
}

// opened makes an open session.
func opened(t *testing.T, d *database, s app.Session) app.Session {
	t.Helper()
	require.NoError(t, d.Sessions.Reserve(t.Context(), s))
	require.NoError(t, d.Sessions.Open(t.Context(), s.ID, at(0)))
	return s
}

func running(id string) saga.Record {
	return saga.Record{
		ID: id, Flow: "flow", Subject: "subject of " + id, Phase: saga.Running,
		Steps: map[string]saga.StepStatus{"first": saga.Started}, State: []byte(`{"password":"plain to see"}`),
		Epoch: 1, Owner: "one", Due: at(time.Second), CreatedAt: at(0), UpdatedAt: at(0),
	}
}

// writing is a WriteFunc that does local work first.
func writing(r saga.Record, local func(ctx context.Context) error) saga.WriteFunc {
	return func(ctx context.Context) (saga.Write, error) {
		err := local(ctx)
		return saga.Write{Record: r, Entries: []saga.Entry{{Event: saga.EventBegan, Epoch: r.Epoch, At: at(0)}}}, err
	}
}

func nothing(context.Context) error { return nil }

func begin(t *testing.T, j saga.Journal, r saga.Record) {
	t.Helper()
	require.NoError(t, j.Begin(t.Context(), writing(r, nothing)))
}

func requireKind(t *testing.T, want app.Kind, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want.String(), app.KindOf(err).String(), "%v", err)
}

func requireEqual(t *testing.T, want, got any) {
	t.Helper()
	require.Empty(t, cmp.Diff(want, got))
}

// race starts n goroutines at one signal, waits for them, and returns their errors.
func race(n int, f func(i int) error) []error {
	results := make([]error, n)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			results[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return results
}

var errOfTest = errors.New("of the test")
