package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"accord/app"
	"accord/saga"
)

// Store is a fake of the account store with the behaviour of the real one: what
// a saga.WriteFunc asks of it with its context is part of the journal's
// transaction. It fails with its caller's context only. Safe for concurrent use.
type Store struct {
	Accounts  app.Accounts
	Sessions  app.Sessions
	People    app.People
	Roster    app.Roster
	Standings app.Standings
	// Departures postpones removals.
	Departures app.Departures
	Evictions  app.Evictions
	Mobiles    app.Mobiles
	Ownership  app.Ownership
	Codes      app.Codes
	Proofs     app.Proofs
	Places     app.Places
	Invites    app.Invites
	Journal    saga.Journal

	db *tables
}

// NewStore makes an empty store around a journal, which must not be used but
// through it.
func NewStore(j saga.Journal) *Store {
	db := &tables{
		accounts: map[string]app.Account{}, userIDs: map[int64]bool{}, names: map[string]string{},
		mobiles: map[string]string{}, addresses: map[string]address{},
		attributes: map[string]app.Attributes{}, left: map[string]app.Status{}, postponed: map[string]postponement{}, evictAgain: map[string]time.Time{}, holds: map[string]string{},
		sessions: map[string]sessionRow{}, codes: map[int64]codeRow{}, proofs: map[string]time.Time{}, invites: map[int64]inviteRow{},
		places: map[placeKey]time.Time{},
	}
	return &Store{
		Accounts: &accounts{db}, Sessions: &sessions{db}, People: &people{db}, Roster: &roster{db}, Standings: &standings{db}, Departures: &departures{db}, Evictions: &evictions{db},
		Mobiles: &accounts{db}, Ownership: &ownership{db}, Codes: &codes{db}, Proofs: &proofs{db}, Places: &places{db}, Invites: &invites{db}, Journal: &journal{j, db}, db: db,
	}
}

// Addresses are the addresses, folded, that accounts only reserve, in order.
func (s *Store) Addresses() []string {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	var reserved []string
	for key, a := range s.db.addresses {
		if !a.present {
			reserved = append(reserved, key)
		}
	}
	slices.Sort(reserved)
	return reserved
}

// Redeemed counts the codes that were used up.
func (s *Store) Redeemed() (n int) {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	for _, c := range s.db.codes {
		if c.redeemed {
			n++
		}
	}
	return n
}

// OpenSessions are those that are neither reserved nor closed, by id.
func (s *Store) OpenSessions() []app.Session {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	var open []app.Session
	for _, row := range s.db.sessions {
		if row.live() {
			open = append(open, row.Session)
		}
	}
	slices.SortFunc(open, func(a, b app.Session) int { return cmp.Compare(a.ID, b.ID) })
	return open
}

// ReservedSessions counts those that were never opened.
func (s *Store) ReservedSessions() (n int) {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	for _, row := range s.db.sessions {
		if !row.opened {
			n++
		}
	}
	return n
}

// tables are what a Store keeps, under one lock. Keys of names and addresses
// are folded.
type tables struct {
	mu         sync.Mutex
	accounts   map[string]app.Account
	attributes map[string]app.Attributes
	// left is what accounts were when they left.
	left      map[string]app.Status
	userIDs   map[int64]bool
	names     map[string]string
	mobiles   map[string]string
	addresses map[string]address
	sessions  map[string]sessionRow
	codes     map[int64]codeRow
	lastCode  int64
	// proofs and places are when they end.
	proofs     map[string]time.Time
	places     map[placeKey]time.Time
	invites    map[int64]inviteRow
	lastInvite int64
	// postponed are removals that wait, by account.
	postponed map[string]postponement
	// evictAgain is when credentials are looked for again, by account.
	evictAgain map[string]time.Time
	// holds are the exclusive sagas under way, by subject.
	holds map[string]string
}

type (
	transactionKey struct{ db *tables }
	// transaction knows how to take back what was done in it.
	transaction struct{ undos []func() }
)

// atomically runs fn alone, as part of the transaction that ctx carries or in
// one of its own, which leaves nothing where fn fails.
func (db *tables) atomically(ctx context.Context, fn func(ctx context.Context, tx *transaction) error) error {
	if tx, ok := ctx.Value(transactionKey{db}).(*transaction); ok {
		return fn(ctx, tx)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	tx, done := &transaction{}, false
	defer func() { // also where fn panics
		if !done {
			tx.rollback()
		}
	}()
	err := fn(context.WithValue(ctx, transactionKey{db}, tx), tx)
	done = err == nil
	return err
}

func (tx *transaction) rollback() {
	for _, undo := range slices.Backward(tx.undos) {
		undo()
	}
}

// put and drop change a table within a transaction.
func put[K comparable, V any](tx *transaction, table map[K]V, key K, v V) {
	tx.keep(restore(table, key))
	table[key] = v
}

func drop[K comparable, V any](tx *transaction, table map[K]V, key K) {
	tx.keep(restore(table, key))
	delete(table, key)
}

func restore[K comparable, V any](table map[K]V, key K) func() {
	old, had := table[key]
	return func() {
		if had {
			table[key] = old
		} else {
			delete(table, key)
		}
	}
}

func (tx *transaction) keep(undo func()) { tx.undos = append(tx.undos, undo) }

// sorted are the keys of a table whose rows match, in order.
func sorted[K cmp.Ordered, V any](table map[K]V, match func(V) bool) []K {
	var keys []K
	for key, v := range table {
		if match(v) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// dropAll drops the rows that match.
func dropAll[K cmp.Ordered, V any](tx *transaction, table map[K]V, match func(V) bool) {
	for _, key := range sorted(table, match) {
		drop(tx, table, key)
	}
}

// kept is a time as the databases keep it.
func kept(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.Truncate(time.Microsecond).UTC()
}

// journal makes the store's tables part of a journal's transactions.
type journal struct {
	saga.Journal
	db *tables
}

func (j *journal) Begin(ctx context.Context, fn saga.WriteFunc) error {
	return j.write(ctx, fn, func(ctx context.Context, fn saga.WriteFunc) error { return j.Journal.Begin(ctx, fn) })
}

func (j *journal) Append(ctx context.Context, id string, epoch int64, fn saga.WriteFunc) error {
	return j.write(ctx, fn, func(ctx context.Context, fn saga.WriteFunc) error { return j.Journal.Append(ctx, id, epoch, fn) })
}

func (j *journal) write(ctx context.Context, fn saga.WriteFunc, write func(context.Context, saga.WriteFunc) error) error {
	return j.db.atomically(ctx, func(ctx context.Context, tx *transaction) error {
		var written saga.Record
		err := write(ctx, func(ctx context.Context) (saga.Write, error) {
			w, err := fn(ctx)
			written = w.Record
			return w, err
		})
		if err == nil {
			j.db.hold(tx, written)
		}
		return err
	})
}

func (db *tables) hold(tx *transaction, r saga.Record) {
	switch {
	case !r.Exclusive:
	case !r.Phase.Ended():
		put(tx, db.holds, r.Subject, r.ID)
	case db.holds[r.Subject] == r.ID:
		drop(tx, db.holds, r.Subject)
	}
}

func refusal(kind app.Kind, op string) error { return &app.Error{Kind: kind, Op: op} }

// list has the accounts of these keys.
func (db *tables) list(keys []string) []app.Account {
	all := make([]app.Account, len(keys))
	for i, key := range keys {
		all[i] = db.accounts[key]
	}
	return all
}

// AccountIDs are the ids of all accounts in whatever status, in order.
func (s *Store) AccountIDs() []string {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	return slices.Sorted(maps.Keys(s.db.accounts))
}

// SetStatus changes an account behind the ports' back; one that there is not
// stays away.
func (s *Store) SetStatus(id string, status app.Status) {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	if a, found := s.db.accounts[id]; found {
		a.Status = status
		s.db.accounts[id] = a
	}
}
