package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"log/slog"
	"strings"
	"sync"
	"time"

	"accord/adapters/memory"
	"accord/app"
	"accord/app/verify"
	"accord/saga"
	"accord/saga/sagatest"
)

// simWorld is what one simulated schedule runs on: the fakes of the three
// systems, people with accounts on them, and foreigners without.
type simWorld struct {
	sim       *sagatest.Simulation
	store     *memory.Store
	directory *memory.Directory
	storage   *memory.Storage
	mailer    *memory.Mailer
	sms       *memory.SMS
	files     *memory.Files
	ids       *simIDs
	settings  app.Settings

	people     []*simPerson
	foreigners []memory.Entry
	// pictures are the URLs of what people uploaded, by account.
	pictures map[string]string
	// supers counts the super-administrators there are at first.
	supers int
	// squatted are the second addresses that were added, and by which account.
	squatted map[string]string
	// team reports whether there is an organization that has an owner.
	team bool

	mu      sync.Mutex
	answers []simAnswer
	// verified counts the codes that were exchanged for a token.
	verified int
}

// simPerson is somebody with an account from the start.
type simPerson struct {
	id, name, email string
	userID          int64
	role            app.Role
	passwords       []app.Secret // the first is the account's
	sessions        []app.SignedIn
	// intruded: somebody who had the password made a token in Gitea.
	intruded bool
}

// simIntruders is the name of the token that an intruder made.
const simIntruders = "theirs"

// simAnswer is what a client was told.
type simAnswer struct {
	flow    string
	receipt saga.Receipt
	err     error
}

// Every secret of a simulation holds this, so that it can be looked for.
const simSecret = "S3cret"

const (
	simGitea   = "gitea"
	simMinIO   = "storage"
	simSession = 40 * time.Second
)

func simPassword(i int) app.Secret { return app.Secret(fmt.Sprintf("%s%04d", simSecret, i)) }

var simForeigners = []memory.Entry{
	{Username: "carol", Emails: []string{"carol@example.com"}, FullName: "Carol", Repositories: []string{"hers"}},
	{Username: "mallory", Emails: []string{"dave@example.com"}, FullName: "Mallory"},
}

const simForeignKey = "accforeign"

func newSimWorld(s *sagatest.Simulation, store *memory.Store) *simWorld {
	w := &simWorld{
		sim: s, store: store, directory: memory.NewDirectory(), storage: memory.NewStorage(), mailer: memory.NewMailer(),
		sms: memory.NewSMS(), files: memory.NewFiles(), ids: &simIDs{}, pictures: map[string]string{}, squatted: map[string]string{},
		settings: app.Settings{
			SessionTTL: simSession, KeepTTL: 10 * simSession, Countries: []string{"86"},
			DeletionGrace: []time.Duration{0, 5 * time.Second, 24 * time.Hour}[s.Rand.IntN(3)],
		},
	}
	w.storage.Now = s.Now
	for _, e := range simForeigners {
		w.directory.Place(e, "foreign1")
	}
	w.storage.PlaceForeign(simForeignKey, "foreign")
	w.foreigners = w.directory.Entries()
	roles := pickOf(s,
		[]app.Role{app.User, app.User}, []app.Role{app.User, app.SuperAdministrator}, []app.Role{app.SuperAdministrator, app.User},
		[]app.Role{app.Administrator, app.SuperAdministrator}, []app.Role{app.SuperAdministrator, app.SuperAdministrator},
	)
	for i, name := range []string{"alice", "bob"}[:pickOf(s, 1, 2, 2, 2)] {
		p := w.settleIn(name, roles[i])
		w.people = append(w.people, p)
		if s.Chance(8) {
			w.lockOut(p)
		} else if p.role == app.SuperAdministrator {
			w.supers++
		}
	}
	if s.Chance(3) {
		w.addAddress(pickOf(s, w.people...), pickOf(s, simSquatted...))
	}
	w.found()
	_, err := store.Invites.Add(context.Background(), "S3CRETINVITE", app.Invite{Inviter: w.people[0].id, Uses: 1, CreatedAt: s.Now()})
	must(err)
	return w
}

// simInvite is the code of the one invitation there is, as it is typed.
const simInvite = simSecret + "-INVITE"

// settleIn makes an account with a picture and up to two sessions, without a
// saga.
func (w *simWorld) settleIn(name string, role app.Role) *simPerson {
	ctx, now := context.Background(), w.sim.Now()
	p := &simPerson{id: w.ids.AccountID(now), name: name, email: name + "@example.com"}
	for i := range 3 {
		p.passwords = append(p.passwords, simPassword(10*len(w.people)+i))
	}
	userID, err := w.ids.UserID()
	must(err)
	p.userID, p.role = userID, role
	a := app.Account{
		ID: p.id, UserID: userID, Username: name, Email: p.email, Role: role, Profile: app.Profile{Nickname: name},
		GiteaOrigin: app.Created, StorageOrigin: app.Created, StorageKey: app.StorageKeyOf(p.id), StorageSecret: w.ids.StorageSecret(),
		CreatedAt: now, UpdatedAt: now,
	}
	must(w.store.Accounts.Reserve(ctx, a))
	number, err := w.directory.CreateUser(ctx, app.DirectoryUser{AccountID: a.ID, Username: name, Email: p.email, FullName: name, Password: p.passwords[0]})
	must(err)
	must(w.storage.CreateUser(ctx, a.StorageKey, a.StorageSecret))
	must(w.store.Accounts.Activate(ctx, a.ID, app.Activation{
		PasswordHash: simHash(p.passwords[0]), GiteaID: number, StorageKey: a.StorageKey, StorageSecret: a.StorageSecret, At: now,
	}))
	w.pictures[a.ID], err = w.files.PutPicture(ctx, a.ID, []byte("picture of "+name))
	must(err)
	for range w.sim.Rand.IntN(3) {
		p.sessions = append(p.sessions, w.open(a))
	}
	if p.intruded = w.sim.Chance(3); p.intruded {
		_, err = w.directory.CreateToken(ctx, a.Ref(), simIntruders)
		must(err)
	}
	return p
}

// lockOut suspends an account, without a saga.
func (w *simWorld) lockOut(p *simPerson) {
	ctx := context.Background()
	ended, err := w.store.Standings.Suspend(ctx, p.id, app.Locked, w.sim.Now())
	must(err)
	a, err := w.store.Accounts.ByID(ctx, p.id)
	must(err)
	must(w.directory.SetActive(ctx, a.Ref(), false))
	must(w.storage.SetActive(ctx, a.StorageKey, false))
	for _, session := range ended {
		must(w.directory.DeleteToken(ctx, a.Ref(), session.GiteaTokenName()))
		must(w.storage.Revoke(ctx, a.StorageKey, session.ID, ""))
	}
}

func (w *simWorld) open(a app.Account) app.SignedIn {
	ctx, now := context.Background(), w.sim.Now()
	ends := now.Add([]time.Duration{3 * time.Second, simSession}[w.sim.Rand.IntN(2)])
	session := app.Session{ID: w.ids.SessionID(), AccountID: a.ID, CreatedAt: now, ExpiresAt: ends}
	must(w.store.Sessions.Reserve(ctx, session))
	must(w.store.Sessions.Open(ctx, session.ID, now))
	_, err := w.directory.CreateToken(ctx, a.Ref(), session.GiteaTokenName())
	must(err)
	_, err = w.storage.Grant(ctx, a.StorageKey, a.StorageSecret, session.ID, simSession)
	must(err)
	token, err := simTokens{}.Issue(app.Claims{SessionID: session.ID})
	must(err)
	return app.SignedIn{Account: a, Session: session, AccessToken: token}
}

// serve starts a service as one process has it.
func (w *simWorld) serve(r *sagatest.Replica) *saga.Runner {
	runner := saga.NewRunner(r.Journal(), r.Options())
	service, err := app.New(app.Deps{
		Accounts: w.store.Accounts, Sessions: oneByOneSessions{w.store.Sessions}, People: w.store.People, Roster: w.store.Roster,
		Departures: w.store.Departures, Evictions: w.store.Evictions, DirectoryOrganizations: simDirectory{w.directory, r},
		Standings: w.store.Standings, Places: w.store.Places, Mobiles: w.store.Mobiles, Ownership: w.store.Ownership, Codes: w.store.Codes, Proofs: w.store.Proofs, Invites: w.store.Invites,
		Directory: simDirectory{w.directory, r}, Storage: simStorage{w.storage, r}, DirectoryDoor: simDirectory{w.directory, r},
		DirectoryCredentials: simDirectory{w.directory, r}, StorageCredentials: simStorage{w.storage, r},
		DirectoryRepairs: simRepairs{inner: w.directory}, Repairs: simHealing{store: w.store},
		Listings:    simListings{unclosed: w.store.Sessions.(unclosed)},
		StorageDoor: simStorage{w.storage, r}, Files: simFiles{w.files, r},
		Mailer: simMailer{w.mailer, r}, SMS: simSMS{w.sms, r},
		Hasher: simHasher{}, Tokens: simTokens{}, Pictures: simPictures{}, Admission: verify.New(verify.Options{Budgets: simBudgets{}, Now: r.Now}),
		Digests: app.NewDigests([]byte("key")),
		IDs:     w.ids, Runner: runner, Now: r.Now, Logger: slog.New(slog.DiscardHandler),
	}, w.settings)
	must(err)
	service.Accounts = oneByOneAccounts{w.store.Accounts}
	r.Service = service
	return runner
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// oneByOne stores let a sweep take up one thing at a time, so that the order of
// what it does is the scheduler's.
type (
	oneByOneSessions struct{ app.Sessions }
	oneByOneAccounts struct{ app.Accounts }
)

func (o oneByOneSessions) Expired(ctx context.Context, now time.Time, limit int) ([]app.Session, error) {
	return o.Sessions.Expired(ctx, now, min(limit, 1))
}

func (o oneByOneAccounts) Departed(ctx context.Context, now time.Time, limit int) ([]app.Account, error) {
	return o.Accounts.Departed(ctx, now, min(limit, 1))
}

// simIDs are used one at a time: what draws them is never on its way together.
type simIDs struct {
	mu sync.Mutex
	n  int64
}

func (i *simIDs) next() int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.n++
	return i.n
}

func (i *simIDs) AccountID(time.Time) string { return fmt.Sprintf("2603011200%04d", i.next()) }
func (i *simIDs) UserID() (int64, error)     { return i.next(), nil }
func (i *simIDs) SessionID() string          { return fmt.Sprintf("s%025d", i.next()) }
func (i *simIDs) Code() app.Secret           { return app.Secret(fmt.Sprintf("K%05d", i.next())) }
func (i *simIDs) StorageSecret() app.Secret {
	return app.Secret(fmt.Sprintf("%s-storage-%025d", simSecret, i.next()))
}

type simHasher struct{}

const simHashed = "hash of "

func simHash(password app.Secret) app.Secret { return simHashed + password }

func (simHasher) Hash(_ context.Context, password app.Secret) (app.Secret, error) {
	return simHash(password), nil
}

func (simHasher) Verify(_ context.Context, hash, password app.Secret) (bool, error) {
	return hash == simHash(password), nil
}

type simTokens struct{}

func (simTokens) Issue(c app.Claims) (app.Secret, error) {
	text, err := json.Marshal(c)
	return app.Secret(simSecret + " " + string(text)), err
}

func (simTokens) Verify(token app.Secret) (c app.Claims, err error) {
	_, text, _ := strings.Cut(token.Reveal(), " ")
	if json.Unmarshal([]byte(text), &c) != nil {
		err = &app.Error{Kind: app.TokenInvalid}
	}
	return c, err
}

type simPictures struct{}

var simPNGs = sync.OnceValue(func() map[string][]byte {
	all := map[string][]byte{}
	for i := range 3 {
		var b bytes.Buffer
		must(png.Encode(&b, image.NewGray(image.Rect(0, 0, i+1, 1))))
		all[fmt.Sprintf("http://p.test/%d.png", i)] = b.Bytes()
	}
	return all
})

func (simPictures) Fetch(_ context.Context, url string) ([]byte, error) { return simPNGs()[url], nil }
func (simPictures) Normalize(data []byte) ([]byte, error)               { return data, nil }

// simBudgets have no limits.
type simBudgets struct{}

func (simBudgets) Charge(context.Context, []verify.Charge, time.Time) ([]verify.Hold, error) {
	return nil, nil
}

func (simBudgets) Settle(context.Context, []string, []verify.Receipt) error { return nil }

// simRepairs has only what tells whether a user is gone.
type simRepairs struct {
	app.DirectoryRepairs
	inner *memory.Directory
}

func (r simRepairs) UsersMarked(ctx context.Context, accountID string) ([]app.DirectoryView, error) {
	return r.inner.UsersMarked(ctx, accountID)
}

func (r simRepairs) UserNumbered(ctx context.Context, id int64) (app.DirectoryView, bool, error) {
	return r.inner.UserNumbered(ctx, id)
}

// simHealing has only what a sign-in notes that gave Gitea its password.
type simHealing struct {
	app.AccountRepairs
	store *memory.Store
}

func (h simHealing) DirectoryHealed(ctx context.Context, id string, epoch int64, at time.Time) error {
	return h.store.DirectoryHealed(ctx, id, epoch, at)
}

// simListings have only what evictions read.
type simListings struct {
	app.Listings
	unclosed
}

type unclosed interface {
	UnclosedOf(ctx context.Context, accountID string) (map[string]string, error)
}

func (l simListings) UnclosedOf(ctx context.Context, accountID string) (map[string]string, error) {
	return l.unclosed.UnclosedOf(ctx, accountID)
}
