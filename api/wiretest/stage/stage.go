// Package stage is a whole server over fakes of the remote systems, to try
// dialects on: by the scripts of wiretest, or by hand.
package stage

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/captcha"
	"accord/adapters/ident"
	"accord/adapters/keyring"
	"accord/adapters/memory"
	"accord/adapters/password"
	"accord/adapters/token"
	"accord/api"
	"accord/app"
	"accord/app/verify"
	"accord/saga"
	"accord/store"
)

// Zone is that of the stage's times on the wire.
var Zone = time.FixedZone("UTC+8", 8*60*60)

// Stage is a whole server over a store of its own: everything is real but the
// remote systems, whose fakes can be made to fail, and the clock.
type Stage struct {
	URL        string
	Clock      *Clock
	Directory  *memory.Directory
	Storage    *memory.Storage
	Mailer     *memory.Mailer
	SMS        *memory.SMS
	Files      *memory.Files
	Tokens     *token.Tokens
	Ring       *keyring.Ring
	Service    *app.Service
	faults     *faults
	answers    app.Answers
	challenges *challenges
	db         *sql.DB // the store's database, to look at
}

// Clock stands still until it is told to go on. Safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time it stands at.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves it on.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Options say what a stage serves.
type Options struct {
	// Dialects makes what is served over the stage's use cases.
	Dialects func(*app.Service) []api.Dialect
	// Around is put between the server and its clients; nil puts nothing.
	Around func(http.Handler) http.Handler
}

// New opens a stage, which ends with the test.
func New(t *testing.T, o Options) *Stage {
	t.Helper()
	w := &Stage{
		Clock:  &Clock{now: time.Date(2026, 3, 1, 12, 0, 0, 250_000_000, Zone)},
		faults: &faults{by: map[string]app.Kind{}}, Directory: memory.NewDirectory(), Storage: memory.NewStorage(),
		Mailer: memory.NewMailer(), SMS: memory.NewSMS(), Files: memory.NewFiles(),
	}
	w.Storage.Now = w.Clock.Now
	var err error
	w.Ring, err = keyring.Generate()
	require.NoError(t, err)
	w.Tokens, err = token.New(token.Options{Issuer: "https://accord.example", Keys: w.Ring, Now: w.Clock.Now})
	require.NoError(t, err)
	w.Service = w.service(t)
	handler, err := api.New(api.Options{
		Dialects: o.Dialects(w.Service), Logger: slog.New(slog.DiscardHandler), Answers: w.answers, Now: w.Clock.Now,
	})
	require.NoError(t, err)
	if o.Around != nil {
		handler = o.Around(handler)
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config = api.NewHTTPServer(handler, slog.New(slog.DiscardHandler))
	server.Start()
	t.Cleanup(server.Close)
	w.URL = server.URL
	return w
}

func (w *Stage) service(t *testing.T) *app.Service {
	t.Helper()
	file := filepath.Join(t.TempDir(), "accord.db")
	st, err := store.Open(t.Context(), store.Options{Driver: store.SQLite, DSN: file, Sealer: w.Ring})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	require.NoError(t, st.Migrate(t.Context()))
	w.answers = st.Answers
	w.db, err = sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.db.Close() })

	hasher, err := password.New(password.Options{Memory: 64, Time: 1})
	require.NoError(t, err)
	ids, err := ident.New(ident.Options{
		Now:      time.Now,
		Location: Zone, Start: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		MachineID: func() (uint16, error) { return 1, nil },
	})
	require.NoError(t, err)
	w.challenges = &challenges{Challenges: st.Challenges, faults: w.faults, answers: map[string]app.Secret{}}
	runner := saga.NewRunner(st.Journal, saga.Options{Logger: slog.New(slog.DiscardHandler)})
	service, err := app.New(app.Deps{
		Accounts: accounts{st.Accounts, w.faults}, Sessions: sessions{st.Sessions, w.faults},
		Directory: w.Directory, Storage: w.Storage, Hasher: slowHasher{hasher, w.faults},
		Tokens: w.Tokens, Mailer: w.Mailer, SMS: w.SMS, Pictures: newPictures(t, w), Files: w.Files,
		Codes:     codes{st.Codes, w.faults},
		Admission: verify.New(verify.Options{Budgets: st.Budgets, Now: w.Clock.Now}), Digests: app.NewDigests([]byte("key")),
		Puzzles: captcha.New(), Challenges: w.challenges, Proofs: proofs{st.Proofs, w.faults}, Mobiles: st.Mobiles, Ownership: st.Ownership,
		People: people{st.People, w.faults}, Roster: st.Roster, Invites: st.Invites,
		Repositories: w.Directory, DirectoryCredentials: w.Directory, StorageCredentials: w.Storage,
		DirectoryRepairs: w.Directory, StorageRepairs: w.Storage,
		Departures: st.Departures, Evictions: st.Evictions, DirectoryOrganizations: w.Directory, DirectoryDoor: w.Directory,
		Standings: st.Standings, Listings: st.Listings, Leaders: st.Leaders, Leftovers: st.Leftovers, Places: st.Places, Audit: st.Audit,
		IDs: ids, Runner: runner, Now: w.Clock.Now, Logger: slog.New(slog.DiscardHandler),
	}, app.Settings{
		SessionTTL: 2 * time.Hour, KeepTTL: 7 * 24 * time.Hour, Countries: []string{"86", "852"},
		PicturesURL: memory.PicturesURL,
		Limits: app.Limits{
			SMS:                app.SendLimits{PerClientHour: 4, PlatformDay: 3},
			Code:               app.TargetLimits{PerTargetMinute: 1, PerTargetDay: 10, TriesPerClient: 5},
			HumanCheckFailures: 3, RedeemedCodeTries: 5,
		},
	})
	require.NoError(t, err)
	run(t, runner)
	return service
}

// run keeps the runner at work until the test ends.
func run(t *testing.T, runner *saga.Runner) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	stopped := make(chan error, 1)
	go func() { stopped <- runner.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-stopped)
	})
}

// State is everything that is written down anywhere, one line each.
func (w *Stage) State(t *testing.T) []string {
	t.Helper()
	var lines []string
	for _, table := range w.Texts(t, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") {
		lines = append(lines, "table "+table)
		lines = append(lines, w.Texts(t, "SELECT * FROM "+table)...)
	}
	for _, entry := range w.Directory.Entries() {
		lines = append(lines, fmt.Sprintf("gitea %+v", entry))
	}
	lines = append(lines, fmt.Sprint("mail ", len(w.Mailer.Sent())), fmt.Sprint("short messages ", len(w.SMS.Sent())),
		fmt.Sprint("pictures ", w.Files.Count("PutPicture"), w.Files.Count("RemovePictures")))
	lines = append(lines, w.Storage.Users()...)
	return append(lines, w.Storage.LiveSessions()...)
}

// Texts are the rows of a query, each as one text.
func (w *Stage) Texts(t *testing.T, query string) []string {
	t.Helper()
	rows, err := w.db.QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var lines []string
	for rows.Next() {
		row := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		require.NoError(t, rows.Scan(into...))
		lines = append(lines, strings.Trim(fmt.Sprint(row), "[]"))
	}
	require.NoError(t, rows.Err())
	return lines
}
