package infinite_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/ident"
	"accord/adapters/keyring"
	"accord/adapters/memory"
	"accord/adapters/password"
	"accord/adapters/token"
	"accord/api"
	"accord/api/infinite"
	"accord/app"
	"accord/saga"
	"accord/store"
)

var zone = time.FixedZone("UTC+8", 8*60*60)

// world is a whole server over a store of its own: everything is real but the
// remote systems, whose fakes can be made to fail, and the clock.
type world struct {
	url       string
	clock     *clock
	faults    *faults
	directory *memory.Directory
	storage   *memory.Storage
	mailer    *memory.Mailer
	sms       *memory.SMS
	files     *memory.Files
	tokens    *token.Tokens
	ring      *keyring.Ring
	answers   app.Answers
	db        *sql.DB // the store's database, to look at
}

// clock stands still until it is told to go on.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		clock:  &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 250_000_000, zone)},
		faults: &faults{by: map[string]app.Kind{}}, directory: memory.NewDirectory(), storage: memory.NewStorage(),
		mailer: memory.NewMailer(), sms: memory.NewSMS(), files: memory.NewFiles(),
	}
	w.storage.Now = w.clock.Now
	var err error
	w.ring, err = keyring.Generate()
	require.NoError(t, err)
	w.tokens, err = token.New(token.Options{Issuer: "https://accord.example", Keys: w.ring, Now: w.clock.Now})
	require.NoError(t, err)
	service := w.service(t)
	handler, err := api.New(api.Options{
		Dialects: []api.Dialect{infinite.New(infinite.Options{Service: service, Zone: zone})},
		Logger:   slog.New(slog.DiscardHandler),
		Answers:  w.answers, Now: w.clock.Now,
	})
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(nil)
	server.Config = api.NewHTTPServer(published(t).checked(t, handler), slog.New(slog.DiscardHandler))
	server.Start()
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

func (w *world) service(t *testing.T) *app.Service {
	t.Helper()
	file := filepath.Join(t.TempDir(), "accord.db")
	st, err := store.Open(t.Context(), store.Options{Driver: store.SQLite, DSN: file, Sealer: w.ring})
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
		Location: zone, Start: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		MachineID: func() (uint16, error) { return 1, nil },
	})
	require.NoError(t, err)
	runner := saga.NewRunner(st.Journal, saga.Options{Logger: slog.New(slog.DiscardHandler)})
	service, err := app.New(app.Deps{
		Accounts: accounts{st.Accounts, w.faults}, Sessions: sessions{st.Sessions, w.faults},
		Directory: w.directory, Storage: w.storage, Hasher: slowHasher{hasher, w.faults},
		Tokens: w.tokens, Mailer: w.mailer, SMS: w.sms, Pictures: newPictures(t, w), Files: w.files,
		Codes: codes{st.Codes, w.faults}, Counters: st.Counters, Failures: st.Failures,
		Standings: st.Standings, Listings: st.Listings, Leaders: st.Leaders, Leftovers: st.Leftovers,
		DirectoryDoor: w.directory, StorageDoor: w.storage,
		IDs: ids, Runner: runner, Now: w.clock.Now, Logger: slog.New(slog.DiscardHandler),
	}, app.Settings{
		SessionTTL: 2 * time.Hour, KeepTTL: 7 * 24 * time.Hour, Countries: []string{"86", "852"},
		SMS: app.SMSLimits{PerClientHour: 4, PlatformDay: 3},
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

// state is everything that is written down anywhere, one line each.
func (w *world) state(t *testing.T) []string {
	t.Helper()
	var lines []string
	for _, table := range w.texts(t, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") {
		lines = append(lines, "table "+table)
		lines = append(lines, w.texts(t, "SELECT * FROM "+table)...)
	}
	for _, entry := range w.directory.Entries() {
		lines = append(lines, fmt.Sprintf("gitea %+v", entry))
	}
	lines = append(lines, fmt.Sprint("mail ", len(w.mailer.Sent())), fmt.Sprint("short messages ", len(w.sms.Sent())),
		fmt.Sprint("pictures ", w.files.Count("PutPicture"), w.files.Count("RemovePictures")))
	lines = append(lines, w.storage.Users()...)
	return append(lines, w.storage.LiveSessions()...)
}

// texts are the rows of a query, each as one text.
func (w *world) texts(t *testing.T, query string) []string {
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
