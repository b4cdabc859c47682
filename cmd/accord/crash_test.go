package main

import (
	"context"
	"database/sql"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/store"
)

// recovery is how long a server that was started again may take to bring every
// account in accord.
const recovery = 10 * time.Second

// crashPoint is an exchange of *register* with another system, at which the
// server is killed.
type crashPoint struct {
	name string
	// place puts the gate before the system.
	place func(t testing.TB, g *gate, s *site)
	// whole accounts are expected where the pivot was decided.
	whole bool
}

var crashPoints = []crashPoint{
	{name: "create in Gitea", place: beforeGitea},
	{name: "look in storage", place: beforeStorage(http.MethodGet, "/user-info")},
	{name: "create in storage", place: beforeStorage(http.MethodPut, "/add-user")},
	{name: "attach the policy", place: beforeStorage(http.MethodPut, "/set-user-or-group-policy")},
	{name: "mail a welcome", place: beforeMail, whole: true},
}

func beforeGitea(t testing.TB, g *gate, s *site) {
	s.Gitea.URL = g.before(t, s.Gitea.URL, called(http.MethodPost, "/api/v1/admin/users"))
}

func beforeStorage(method, path string) func(testing.TB, *gate, *site) {
	return func(t testing.TB, g *gate, s *site) {
		s.Storage.Endpoint = g.before(t, s.Storage.Endpoint, called(method, path))
	}
}

func called(method, path string) func(*http.Request) bool {
	return func(r *http.Request) bool { return r.Method == method && strings.HasSuffix(r.URL.Path, path) }
}

func beforeMail(t testing.TB, g *gate, s *site) {
	address := g.beforeMail(t, net.JoinHostPort(s.Mail.Host, strconv.Itoa(s.Mail.Port)))
	s.Mail.Host, s.Mail.Port = hostPort(t, address)
}

// TestKilledServersLeaveAccountsInAccord kills the server at every exchange of
// a registration, before it and after it, and starts it again.
func TestKilledServersLeaveAccountsInAccord(t *testing.T) {
	for _, driver := range databases {
		for _, point := range crashPoints {
			for _, when := range []string{"before", "after"} {
				t.Run(driver+"/"+point.name+"/"+when, func(t *testing.T) {
					t.Parallel()
					direct := newSite(t, driver)
					gated, g := direct, newGate(when == "after")
					point.place(t, g, &gated)
					alice := newPerson()
					gated.killWhileRegistering(t, g, alice)
					close(g.opened)

					api := gated.spawn(t).client
					account := direct.settled(t, recovery)
					if point.whole {
						direct.requireWhole(t, api, account, alice)
					} else {
						direct.requireAbsent(t, account, alice)
						again, err := api.register(alice)
						require.NoError(t, err)
						require.Equal(t, "General.Success", again.Code, "the name is free")
					}
					direct.requireWelcome(t, alice)
				})
			}
		}
	}
}

// TestRequestsThatTakeEffectLateAreUndone lets Gitea carry a creation out after
// its registration was undone.
func TestRequestsThatTakeEffectLateAreUndone(t *testing.T) {
	direct := newSite(t, store.SQLite)
	direct.Saga.Settle = 3 * time.Second
	gated, g, alice := direct, newGate(false), newPerson()
	g.then = carriedOut
	beforeGitea(t, g, &gated)
	gated.killWhileRegistering(t, g, alice)
	gated.spawn(t)
	account := direct.settled(t, recovery)
	direct.requireAbsent(t, account, alice)

	close(g.opened)
	admin := giteaAdmin{direct}
	require.Eventually(t, func() bool { return admin.user(t, alice.name) != nil }, soon, 5*time.Millisecond, "it is there late")
	require.Eventually(t, func() bool { return admin.user(t, alice.name) == nil }, soon, 50*time.Millisecond, "and goes again")
}

// killWhileRegistering kills a server that stands at the gate.
func (s site) killWhileRegistering(t testing.TB, g *gate, p person) {
	t.Helper()
	server := s.spawn(t)
	answers := registering(t, server.client, g, p)
	server.kill()
	<-answers
}

// requireWelcome waits until the registration that came about has ended, with
// its mail.
func (s site) requireWelcome(t testing.TB, p person) {
	t.Helper()
	db := s.database(t)
	require.Eventually(t, func() bool {
		var ended int
		row := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sagas WHERE flow = 'register' AND phase = 'committed'")
		require.NoError(t, row.Scan(&ended))
		return ended == 1 && s.mailTo(t, p.email) > 0
	}, soon, 20*time.Millisecond)
}

// database looks at the rows past Accord.
func (s site) database(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(s.Database.Driver, s.Database.DSN.Reveal())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	if s.Database.Driver == store.SQLite {
		require.NoError(t, patient(t.Context(), db))
	}
	return db
}

// patient makes an SQLite database wait for its turn beside servers.
func patient(ctx context.Context, db *sql.DB) error {
	db.SetMaxOpenConns(1)
	_, err := db.ExecContext(ctx, "PRAGMA busy_timeout = 20000")
	return err
}

// settled waits until the only account of the database is decided on, and
// returns it.
func (s site) settled(t testing.TB, limit time.Duration) app.Account {
	t.Helper()
	db := s.database(t)
	var account app.Account
	require.Eventually(t, func() bool {
		row := db.QueryRowContext(t.Context(), "SELECT id, status, storage_key FROM accounts")
		require.NoError(t, row.Scan(&account.ID, &account.Status, &account.StorageKey))
		return account.Status != app.Reserved
	}, limit, 20*time.Millisecond)
	return account
}

func (s site) requireWhole(t testing.TB, api client, account app.Account, p person) {
	t.Helper()
	require.Equal(t, app.Normal, account.Status)
	require.Equal(t, "accord:"+account.ID, giteaAdmin{s}.user(t, p.name)["login_name"])
	require.Equal(t, http.StatusOK, giteaStatus(t, s.Gitea.URL+"/api/v1/user", func(r *http.Request) {
		r.SetBasicAuth(p.name, p.password)
	}))
	require.True(t, s.storageUser(t, account))
	api.signIn(t, p).alive(t, s.Gitea.URL)
}

func (s site) requireAbsent(t testing.TB, account app.Account, p person) {
	t.Helper()
	require.Equal(t, app.Abandoned, account.Status)
	require.Nil(t, giteaAdmin{s}.user(t, p.name))
	require.False(t, s.storageUser(t, account))
}

// storageUser reports whether the storage has the account's user.
func (s site) storageUser(t testing.TB, account app.Account) bool {
	t.Helper()
	s.Storage.Timeout = soon // the listing is slow by itself, and slower on a busy machine
	storage, err := newStorage(s.Storage, nil)
	require.NoError(t, err)
	defer storage.Close()
	users, err := storage.Users(t.Context())
	require.NoError(t, err)
	user, found := users[account.StorageKey]
	return found && user.Enabled && user.Home
}
