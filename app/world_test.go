package app_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/ident"
	"accord/adapters/keyring"
	"accord/adapters/memory"
	"accord/adapters/password"
	"accord/adapters/token"
	"accord/app"
	"accord/app/verify"
	"accord/saga"
	"accord/saga/sagatest"
	"accord/store"
)

// world is a service over a real database and fakes of everything else.
type world struct {
	*core
	clock     *sagatest.Clock
	directory *memory.Directory
	storage   *memory.Storage
	mailer    *memory.Mailer
	sms       *memory.SMS
	files     *memory.Files
}

// core is what a world has whatever is behind the ports.
type core struct {
	store   *store.Store
	hasher  *password.Hasher
	runner  *saga.Runner
	service *app.Service
	// turnedAway gets a signal when a flow has met another that holds its account.
	turnedAway chan struct{}
	// reserved gets a signal when a flow that waits has reserved the account.
	reserved chan struct{}
}

const (
	goodPassword = app.Secret("1qazxsw2")
	sessionTTL   = 2 * time.Hour
	keepTTL      = 7 * 24 * time.Hour
	grace        = 24 * time.Hour
	codeLife     = 5 * time.Minute
	settle       = time.Hour
	keep         = 30 * 24 * time.Hour
	keepUnused   = 24 * time.Hour
	evictAgain   = 12 * time.Hour
	// sessionsPerAccount is more than other tests open.
	sessionsPerAccount = 128
	// patience is longer than a slow machine takes, since it runs on a real clock.
	patience = time.Minute
)

// keys makes one key ring for all worlds.
var keys = sync.OnceValues(keyring.Generate)

func newWorld(t *testing.T, clock *sagatest.Clock) *world {
	t.Helper()
	w := &world{clock: clock, directory: memory.NewDirectory(), storage: memory.NewStorage(), mailer: memory.NewMailer(), sms: memory.NewSMS(), files: memory.NewFiles()}
	w.storage.Now, w.directory.Now, w.files.Now = clock.Now, clock.Now, clock.Now
	w.core = newCore(t, clock.Now, password.Options{Memory: 64, Time: 1}, app.Deps{
		Directory: w.directory, Storage: w.storage, Mailer: w.mailer, SMS: w.sms, Files: w.files, StoredPictures: w.files,
		Repositories: w.directory, DirectoryOrganizations: w.directory, DirectoryDoor: w.directory, StorageDoor: w.storage,
		DirectoryCredentials: w.directory, StorageCredentials: w.storage,
		DirectoryRepairs: w.directory, StorageRepairs: w.storage, DirectoryAdoption: w.directory,
	})
	return w
}

// newCore fills in what is not given.
func newCore(t testing.TB, now func() time.Time, cost password.Options, d app.Deps) *core {
	t.Helper()
	ring, err := keys()
	require.NoError(t, err)
	c := &core{store: openStore(t, ring), turnedAway: make(chan struct{}, 1), reserved: make(chan struct{}, 1)}
	tokens, err := token.New(token.Options{Keys: ring, Issuer: "accord.test", Now: now})
	require.NoError(t, err)
	c.hasher, err = password.New(cost)
	require.NoError(t, err)
	ids, err := ident.New(ident.Options{
		Now:      time.Now,
		Location: time.UTC, Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		MachineID: func() (uint16, error) { return 1, nil },
	})
	require.NoError(t, err)
	logger := slog.New(slog.DiscardHandler)
	c.runner = saga.NewRunner(watched{c.store.Journal, c.turnedAway, c.reserved}, saga.Options{
		Now: now, Logger: logger, Decided: app.Audited(c.store.Audit, now),
		Deadline: patience, Answer: patience, StepTimeout: patience,
	})
	d.Accounts, d.Sessions, d.Codes = c.store.Accounts, c.store.Sessions, c.store.Codes
	d.Departures, d.Standings, d.Listings = c.store.Departures, c.store.Standings, c.store.Listings
	d.Evictions = c.store.Evictions
	d.Admission, d.Digests = verify.New(verify.Options{Budgets: c.store.Budgets, Now: now, Turn: patience}), app.NewDigests([]byte("key"))
	d.Repairs, d.Adoptions, d.Sealing = c.store.Repairs, c.store.Repairs, c.store.Repairs
	d.Places, d.Audit = c.store.Places, c.store.Audit
	d.Leaders, d.Leftovers = c.store.Leaders, c.store.Leftovers
	d.Puzzles, d.Challenges, d.Proofs, d.Mobiles = puzzles{}, c.store.Challenges, c.store.Proofs, c.store.Mobiles
	d.Ownership = c.store.Ownership
	d.People, d.Roster, d.Invites = c.store.People, c.store.Roster, c.store.Invites
	d.Hasher, d.Tokens, d.IDs, d.Pictures = c.hasher, tokens, ids, pictures{picture(t)}
	d.Runner, d.Now, d.Logger = c.runner, now, logger
	c.service, err = app.New(d, app.Settings{
		SessionTTL: sessionTTL, KeepTTL: keepTTL, SessionsPerAccount: sessionsPerAccount, DeletionGrace: grace, EvictAgain: evictAgain, Countries: []string{"86"},
		Limits: app.Limits{
			SMS:                app.SendLimits{PerClientHour: 3, PlatformDay: 5},
			Code:               app.TargetLimits{PerTargetMinute: 1, PerTargetDay: 10, ReserveDay: 5, TriesPerClient: 5},
			HumanCheckFailures: 3, RedeemedCodeTries: 5, NoticesPerAccountDay: 20, SignInNoticesPerAccountDay: 5, RemakesPerAccountHour: 10,
		},
		Sweep: app.SweepSettings{Settle: settle, Keep: keep}, PicturesURL: memory.PicturesURL,
		Uploads: app.UploadLimits{PerAccountHour: 20, PlatformHour: 30, KeepUnused: keepUnused},
	})
	require.NoError(t, err)
	return c
}

// openStore opens a copy of one migrated database.
func openStore(t testing.TB, ring *keyring.Ring) *store.Store {
	t.Helper()
	data, err := migrated()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "accord.db")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	st, err := store.Open(t.Context(), store.Options{Driver: store.SQLite, DSN: file, Sealer: ring})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// register takes a person through a registration that must succeed.
func (w *world) register(t *testing.T, username, email string) app.Account {
	t.Helper()
	_, err := w.service.Register(t.Context(), app.Registration{
		Username: username, Email: email, Password: goodPassword, Language: "en",
	})
	require.NoError(t, err)
	account, err := w.store.Accounts.ByUsername(t.Context(), username)
	require.NoError(t, err)
	return account
}

// calm waits until no saga is under way: mails go out after the answer.
func (w *world) calm(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, pending, err := w.store.Repairs.Pending(t.Context(), 1)
		return err == nil && pending == 0
	}, time.Minute, time.Millisecond)
}

func (w *world) signIn(t *testing.T, username string) app.SignedIn {
	t.Helper()
	in, _, err := w.service.SignIn(t.Context(), app.Credentials{Username: username, Password: goodPassword})
	require.NoError(t, err)
	return in
}

// dead requires that nothing of the sign-in is good any more.
func (w *world) dead(t *testing.T, in app.SignedIn) {
	t.Helper()
	_, err := w.service.Authenticate(t.Context(), in.AccessToken)
	require.NotEqual(t, app.Internal, app.KindOf(err))
	require.Error(t, err)
	require.Empty(t, w.directory.TokenOwner(in.GiteaToken))
	require.False(t, w.storage.MayUse(in.Grant, in.Grant.Prefix+"x"))
}

// alive requires that all three tokens of the sign-in are good.
func (w *world) alive(t *testing.T, in app.SignedIn) {
	t.Helper()
	p, err := w.service.Authenticate(t.Context(), in.AccessToken)
	require.NoError(t, err)
	require.Equal(t, in.Account.ID, p.Account.ID)
	require.Equal(t, in.Account.Username, w.directory.TokenOwner(in.GiteaToken))
	require.True(t, w.storage.MayUse(in.Grant, in.Grant.Prefix+"x"))
}

// pictures stands for whatever prepares pictures: all look the same.
type pictures struct{ png []byte }

func (p pictures) Fetch(context.Context, string) ([]byte, error) { return p.png, nil }
func (p pictures) Normalize([]byte) ([]byte, error)              { return p.png, nil }

// puzzles stands for whatever draws human checks: the answer is always the same.
type puzzles struct{}

const puzzleAnswer = "120"

func (puzzles) Draw(app.ChallengeKind) (app.Puzzle, error) {
	return app.Puzzle{Image: []byte("picture"), Width: 320, Height: 160, Answer: puzzleAnswer}, nil
}
