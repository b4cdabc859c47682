package main

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/store"
)

// requests remembers what a replica asked of the systems.
type requests struct {
	mu    sync.Mutex
	moves []string // those that change something
}

// past notes every request and passes it on to stops.
func (r *requests) past(stops func(*http.Request) bool) func(*http.Request) bool {
	return func(request *http.Request) bool {
		if request.Method != http.MethodGet {
			r.mu.Lock()
			r.moves = append(r.moves, request.Method+" "+request.URL.Path)
			r.mu.Unlock()
		}
		return stops(request)
	}
}

// include reports whether there was one with that in it.
func (r *requests) include(part string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.moves, func(move string) bool { return strings.Contains(move, part) })
}

// count is how many requests to change something there were.
func (r *requests) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.moves)
}

// TestAFrozenReplicaIsFenced stops a replica in the middle of a saga, has
// another one take the saga over, and thaws the first: it writes nothing more,
// and what it had asked Gitea for, which takes effect only then, does not stay.
func TestAFrozenReplicaIsFenced(t *testing.T) {
	t.Run("before the pivot", func(t *testing.T) {
		t.Parallel()
		f := newFrozen(t, called(http.MethodPost, "/api/v1/admin/users"))
		answers := f.inTheMiddle(t, "register", "PUT /"+f.direct.Storage.Bucket+"-", func() (answer, error) { return f.first.register(f.alice) })
		f.freezeUntilTakenOver(t)
		f.ends(t, "settling")
		require.Nil(t, giteaAdmin{f.direct}.user(t, f.alice.name), "undone, as far as can be seen")

		f.thaw(t)
		require.NotEqual(t, "General.Success", (<-answers).Code)
		f.requireNothingAsked(t) // until the second look is due, which either may take
		admin := giteaAdmin{f.direct}
		require.Eventually(t, func() bool { return admin.user(t, f.alice.name) != nil }, soon, 5*time.Millisecond, "it is there late")
		f.ends(t, "aborted")
		f.requireFenced(t)
		var account app.Account
		row := f.db.QueryRowContext(t.Context(), "SELECT id, status, storage_key FROM accounts WHERE id = ?", f.subject)
		require.NoError(t, row.Scan(&account.ID, &account.Status, &account.StorageKey))
		f.direct.requireAbsent(t, account, f.alice)

		again, err := f.first.register(f.alice)
		require.NoError(t, err)
		require.Equal(t, "General.Success", again.Code, "the name is free, and the replica works")
	})
	t.Run("at the pivot", func(t *testing.T) {
		t.Parallel()
		f := newFrozen(t, called(http.MethodPatch, ""))
		registered, err := f.second.register(f.alice)
		require.NoError(t, err)
		require.Equal(t, "General.Success", registered.Code)
		l := life{t, f.direct, f.second.client, f.alice}
		l.done("emailVerifyCode", "", map[string]string{"email": f.alice.email})
		l.person.password = "2wsxzaq1"
		answers := f.inTheMiddle(t, "reset password", "PATCH", func() (answer, error) {
			return f.first.call("resetUserPassword", "", map[string]string{
				"email": f.alice.email, "password": l.person.password, "verifyCode": l.mailedCode(f.alice.email),
			})
		})
		f.freezeUntilTakenOver(t)
		f.ends(t, "committed")
		f.thaw(t)
		require.Equal(t, "General.Success", (<-answers).Code, "done, if by another one")
		f.requireNothingAsked(t)
		f.requireFenced(t)
		l.passwordIs(f.alice)
	})
	t.Run("after the pivot", func(t *testing.T) {
		t.Parallel()
		f := newFrozen(t, called(http.MethodDelete, ""))
		registered, err := f.second.register(f.alice)
		require.NoError(t, err)
		require.Equal(t, "General.Success", registered.Code)
		signedIn := f.second.signIn(t, f.alice)
		answers := f.inTheMiddle(t, "sign out", "POST /minio/admin/v3/revoke-tokens/", func() (answer, error) {
			return f.first.call("logout", signedIn.AccessToken, struct{}{})
		})
		f.freezeUntilTakenOver(t)
		f.ends(t, "committed")
		signedIn.dead(t, f.direct.Gitea.URL)

		again := f.second.signIn(t, f.alice)
		f.thaw(t)
		require.Equal(t, "General.Success", (<-answers).Code, "it is told what the other one did")
		f.requireNothingAsked(t)
		f.requireFenced(t)
		again.alive(t, f.direct.Gitea.URL)
	})
}

// frozen is two replicas on one MariaDB, the first of which stands at a gate.
type frozen struct {
	direct        site
	gate          *gate
	alice         person
	first, second *process
	db            *sqlx.DB
	asked         *requests
	// saga is what the first one was at, about subject; taken over in its entry
	// of that number.
	saga, subject string
	taken         int64
	// before is how many changes the first one had asked for when it froze.
	before int
}

func newFrozen(t *testing.T, stops func(*http.Request) bool) *frozen {
	t.Helper()
	f := &frozen{direct: newSite(t, store.MySQL), gate: newGate(false), alice: newPerson(), asked: new(requests)}
	f.direct.Saga.Lease, f.direct.Saga.Poll, f.direct.Saga.Settle = 2*time.Second, 100*time.Millisecond, 5*time.Second
	f.gate.then = carriedOut
	gated := f.direct
	gated.Gitea.URL = f.gate.before(t, gated.Gitea.URL, f.asked.past(stops))
	gated.Storage.Endpoint = newGate(false).before(t, gated.Storage.Endpoint, f.asked.past(func(*http.Request) bool { return false }))
	f.first, f.second = gated.spawn(t), f.direct.spawn(t)
	f.db = sqlx.NewDb(f.direct.database(t), "mysql")
	return f
}

// inTheMiddle asks the first replica and returns when it stands at the gate, in
// that flow, and has asked the storage for the last thing that it asks for meanwhile.
func (f *frozen) inTheMiddle(t *testing.T, flow, last string, ask func() (answer, error)) <-chan answer {
	t.Helper()
	answers := make(chan answer, 1)
	go func() {
		a, _ := ask() // an answer may be lost
		answers <- a
	}()
	select {
	case <-f.gate.reached:
	case <-time.After(soon):
		require.Fail(t, "the request does not come by")
	}
	require.Eventually(t, func() bool { return f.asked.include(last) }, soon, time.Millisecond)
	row := f.db.QueryRowContext(t.Context(), "SELECT id, subject FROM sagas WHERE owner = ? AND flow = ?", f.first.owner, flow)
	require.NoError(t, row.Scan(&f.saga, &f.subject))
	return answers
}

// freezeUntilTakenOver measures how long the saga was nobody's.
func (f *frozen) freezeUntilTakenOver(t *testing.T) {
	t.Helper()
	require.NoError(t, f.first.cmd.Process.Signal(syscall.SIGSTOP))
	t.Cleanup(func() { _ = f.first.cmd.Process.Signal(syscall.SIGCONT) }) // it may have ended
	stopped, due := time.Now(), int64(0)
	require.NoError(t, f.db.GetContext(t.Context(), &due, "SELECT due FROM sagas WHERE id = ?", f.saga))
	f.before = f.asked.count()
	var at int64
	require.Eventually(t, func() bool {
		row := f.db.QueryRowContext(t.Context(), "SELECT seq, at FROM saga_entries WHERE saga_id = ? AND event = 'taken-over'", f.saga)
		return row.Scan(&f.taken, &at) == nil
	}, recovery, 10*time.Millisecond)
	taken := time.UnixMicro(at)
	require.GreaterOrEqual(t, at, due, "not while the lease was good")
	require.Less(t, taken.Sub(stopped), recovery)
	t.Logf("taken over %s after its owner froze, %s after it was due",
		taken.Sub(stopped).Round(time.Millisecond), micros(at-due).Round(time.Millisecond))
}

// ends waits until the saga is in that phase.
func (f *frozen) ends(t *testing.T, phase string) {
	t.Helper()
	require.Eventually(t, func() bool {
		var now string
		require.NoError(t, f.db.GetContext(t.Context(), &now, "SELECT phase FROM sagas WHERE id = ?", f.saga))
		return now == phase
	}, soon, 10*time.Millisecond, phase)
}

// thaw lets the first replica go on, and Gitea carry out what it was asked for.
func (f *frozen) thaw(t *testing.T) {
	t.Helper()
	require.NoError(t, f.first.cmd.Process.Signal(syscall.SIGCONT))
	close(f.gate.opened)
}

// requireNothingAsked: the first one asked for no change since it froze.
func (f *frozen) requireNothingAsked(t *testing.T) {
	t.Helper()
	f.asked.mu.Lock()
	defer f.asked.mu.Unlock()
	require.Len(t, f.asked.moves, f.before, "%s", strings.Join(f.asked.moves, "\n"))
}

// requireFenced: the first one has written no entry since the takeover.
func (f *frozen) requireFenced(t *testing.T) {
	t.Helper()
	var entries []struct {
		Seq, Epoch int64
		Event      string
	}
	require.NoError(t, f.db.SelectContext(t.Context(), &entries, "SELECT seq, epoch, event FROM saga_entries WHERE saga_id = ? ORDER BY seq", f.saga))
	for _, e := range entries {
		require.Equal(t, e.Seq < f.taken, e.Epoch == 1, "entry %d, %s, of epoch %d", e.Seq, e.Event, e.Epoch)
	}
}
