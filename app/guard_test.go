package app_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"

	"accord/adapters/memory"
	"accord/app"
	"accord/app/verify"
	"accord/saga"
	"accord/saga/sagatest"
	"accord/store"
)

const (
	wrongPassword = app.Secret("wrong1234")
	guessers      = 64
)

// strict is a guard whose every bound a test reaches soon.
var strict = app.GuardSettings{
	Account: verify.Limit{Free: 5, Delay: time.Second, MaxDelay: 4 * time.Second, LockAfter: 9, LockFor: 15 * time.Minute},
	Client:  verify.Limit{Free: 12, Delay: time.Second, MaxDelay: 4 * time.Second, LockAfter: 15, LockFor: 15 * time.Minute},
	ExemptClients: []netip.Prefix{
		netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"),
	},
}

// guardedWorld is a world with alice and bob, whose service has a guard.
type guardedWorld struct {
	*world
	clock *sagatest.Clock
	door  *door
}

func newGuarded(t *testing.T, guard app.GuardSettings) *guardedWorld {
	t.Helper()
	g := &guardedWorld{clock: sagatest.NewClock()}
	g.world = newWorld(t, g.clock)
	g.register(t, "alice", "alice@example.com")
	g.register(t, "bob", "bob@example.com")
	g.calm(t)
	g.door = &door{Hasher: g.hasher}
	g.service = guardedBy(t, g.store, g.service.Deps, g.door, guard)
	return g
}

// guardedBy makes a service of the same parts that has a guard. It takes a
// runner of its own.
func guardedBy(t testing.TB, st *store.Store, d app.Deps, hasher app.Hasher, guard app.GuardSettings) *app.Service {
	t.Helper()
	d.Hasher = hasher
	return limitedBy(t, st, d, guard, app.DefaultLimits())
}

func limitedBy(t testing.TB, st *store.Store, d app.Deps, guard app.GuardSettings, limits app.Limits) *app.Service {
	t.Helper()
	d.Runner = saga.NewRunner(st.Journal, saga.Options{Now: d.Now, Logger: slog.New(slog.DiscardHandler)})
	service, err := app.New(d, app.Settings{
		SessionTTL: sessionTTL, KeepTTL: keepTTL, DeletionGrace: grace, Countries: []string{"86"},
		Guard: guard, Limits: limits,
	})
	require.NoError(t, err)
	return service
}

// door counts the passwords that are checked. Where it has places it lets so
// many in at once, and while it has a holder each of them stays there.
type door struct {
	app.Hasher
	places  *semaphore.Weighted
	holder  *holder
	checked atomic.Int32
	hashed  atomic.Int32
	mu      sync.Mutex
	by      map[app.Secret]int
}

// compared returns how often a password was compared with the hash.
func (d *door) compared(hash app.Secret) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.by[hash]
}

func (d *door) note(hash app.Secret) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.by == nil {
		d.by = map[app.Secret]int{}
	}
	d.by[hash]++
}

type holder struct{ entered, leave chan struct{} }

func (d *door) Verify(ctx context.Context, hash, password app.Secret) (bool, error) {
	if d.places != nil {
		if err := d.places.Acquire(ctx, 1); err != nil {
			return false, &app.Error{Kind: app.Busy, Err: err}
		}
		defer d.places.Release(1)
	}
	d.checked.Add(1)
	d.note(hash)
	if d.holder != nil {
		d.holder.entered <- struct{}{}
		<-d.holder.leave
	}
	return d.Hasher.Verify(context.WithoutCancel(ctx), hash, password) // what was begun is finished
}

func (d *door) Hash(ctx context.Context, password app.Secret) (app.Secret, error) {
	d.hashed.Add(1)
	return d.Hasher.Hash(ctx, password)
}

// try signs in and returns the error.
func (g *guardedWorld) try(in app.Credentials) error {
	_, _, err := g.service.SignIn(context.Background(), in)
	return err
}

// held requires that an error is a refusal for that long.
func held(t *testing.T, want time.Duration, err error) {
	t.Helper()
	var e *app.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, app.TooOften.String(), e.Kind.String())
	require.Equal(t, want, e.RetryAfter)
}

func requireKind(t *testing.T, want app.Kind, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, want.String(), app.KindOf(err).String(), "%v", err)
}

func TestSignInDelaysThenLocksThenOpensAgain(t *testing.T) {
	for name, in := range map[string]app.Credentials{
		"known": {Username: "Alice"}, "unknown": {Username: "nobody"},
		"known address": {Email: "alice@Example.com"}, "unknown address": {Email: "nobody@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t, strict)
			in.Password, in.IP = wrongPassword, "127.0.0.1"
			for range 5 {
				requireKind(t, app.BadCredentials, g.try(in))
			}
			for _, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second} {
				held(t, wait, g.try(in))
				g.clock.Advance(wait - time.Millisecond)
				held(t, time.Millisecond, g.try(in))
				g.clock.Advance(time.Millisecond)
				requireKind(t, app.BadCredentials, g.try(in))
			}
			held(t, 15*time.Minute, g.try(in))
			in.Password = goodPassword
			held(t, 15*time.Minute, g.try(in))
			require.EqualValues(t, 9, g.door.checked.Load(), "who has to wait costs no hash")
			require.NoError(t, g.try(app.Credentials{Username: "bob", Password: goodPassword}))

			g.clock.Advance(15 * time.Minute)
			in.Password = wrongPassword
			for range 5 {
				requireKind(t, app.BadCredentials, g.try(in))
			}
			held(t, time.Second, g.try(in))
		})
	}
}

func TestARightPasswordResetsItsAccountAndNotItsClient(t *testing.T) {
	g := newGuarded(t, strict)
	in := app.Credentials{Username: "alice", IP: "2001:db8:1:2::3"}
	wrong, right := in, in
	wrong.Password, right.Password = wrongPassword, goodPassword
	for round := range 2 {
		for range 5 {
			requireKind(t, app.BadCredentials, g.try(wrong))
		}
		if round == 0 { // later the network is known
			held(t, time.Second, g.try(right))
			g.clock.Advance(time.Second)
		}
		require.NoError(t, g.try(right))
	}
	elsewhere := app.Credentials{Username: "nobody", Password: wrongPassword, IP: "2001:db8:1:2:ffff::4"}
	for range 2 {
		requireKind(t, app.BadCredentials, g.try(elsewhere))
	}
	held(t, time.Second, g.try(elsewhere))
	held(t, time.Second, g.try(right))
	elsewhere.IP = "2001:db8:1:3::4"
	requireKind(t, app.BadCredentials, g.try(elsewhere))
}

func TestAResetLiftsTheLock(t *testing.T) {
	g := newGuarded(t, strict)
	in := app.Credentials{Username: "alice", Password: wrongPassword, IP: "127.0.0.1"}
	for range 5 {
		requireKind(t, app.BadCredentials, g.try(in))
	}
	in.Password = newPassword
	held(t, time.Second, g.try(in))
	const code = app.Secret("7KQ2MX")
	require.NoError(t, g.store.Codes.Put(t.Context(), app.MailTarget("alice@example.com"), app.AnyPurpose, code,
		g.clock.Now().Add(codeLife), g.clock.Now()))
	_, err := g.service.ResetPassword(t.Context(), app.PasswordReset{Email: "alice@example.com", Code: code, New: newPassword})
	require.NoError(t, err)
	require.NoError(t, g.try(in))
}

// number binds the number 13800138000 to alice.
func (g *guardedWorld) number(t *testing.T) {
	t.Helper()
	account, err := g.store.Accounts.ByUsername(t.Context(), "alice")
	require.NoError(t, err)
	require.NoError(t, g.store.Accounts.SetMobile(t.Context(), account.ID, "86", "13800138000", g.clock.Now()))
}

// squat makes an account whose user name is a number. Adoption lets one in.
func (g *guardedWorld) squat(t *testing.T, number string) app.Account {
	t.Helper()
	id := g.directory.Place(memory.Entry{Username: number, Emails: []string{"carol@example.com"}}, theirPassword)
	seen, found, err := g.directory.UserNumbered(t.Context(), id)
	require.NoError(t, err)
	require.True(t, found)
	account, _, err := g.service.Adopt(t.Context(), seen)
	require.NoError(t, err)
	return account
}

// A number is as good as a user name, and its owner's even if another account
// has it as its user name.
func TestANumberSignsIn(t *testing.T) {
	g := newGuarded(t, strict)
	const number, foreign = "13800138000", "13800138001"
	g.number(t)
	g.aliceProved(t)
	account, err := g.store.Accounts.ByUsername(t.Context(), "bob")
	require.NoError(t, err)
	require.NoError(t, g.store.Accounts.SetMobile(t.Context(), account.ID, "852", "51234567", g.clock.Now()))

	signedIn, _, err := g.service.SignIn(t.Context(), app.Credentials{Username: number, Password: goodPassword})
	require.NoError(t, err)
	require.Equal(t, "alice", signedIn.Account.Username)
	g.alive(t, signedIn)
	before := g.door.checked.Load()
	for _, in := range []app.Credentials{
		{Username: number, Password: wrongPassword},
		{Username: foreign, Password: goodPassword},
		{Username: "51234567", Password: goodPassword},
		{Username: "852-51234567", Password: goodPassword},
	} {
		requireKind(t, app.BadCredentials, g.try(in))
	}
	require.Equal(t, before+4, g.door.checked.Load(), "each one costs a hash")

	g.squat(t, number)
	signedIn, _, err = g.service.SignIn(t.Context(), app.Credentials{Username: number, Password: goodPassword})
	require.NoError(t, err)
	require.Equal(t, "alice", signedIn.Account.Username, "the owner of the number comes first")
	requireKind(t, app.BadCredentials, g.try(app.Credentials{Username: number, Password: theirPassword}))
	_, _, err = g.service.SignIn(t.Context(), app.Credentials{Email: "carol@example.com", Password: theirPassword})
	require.NoError(t, err, "the other one has an address")

	g.mail(t, app.MailTarget("alice@example.com"))
	token, err := g.service.VerifyForReset(t.Context(), "alice@example.com", mailed)
	require.NoError(t, err)
	_, _, err = g.service.ResetByToken(t.Context(), app.TokenReset{Token: token, Username: number, New: newPassword})
	require.NoError(t, err, "it is hers all the same")
}

// A reset lifts the lock of the number for its owner, and not for another account
// that has it as its user name.
func TestAResetLiftsTheLockOfTheNumber(t *testing.T) {
	const number = "13800138000"
	for _, email := range []string{aliceMail, "carol@example.com"} {
		g := newGuarded(t, strict)
		g.number(t)
		g.aliceProved(t)
		g.squat(t, number)
		in := app.Credentials{Username: number, Password: wrongPassword, IP: "127.0.0.1"}
		for range 5 {
			requireKind(t, app.BadCredentials, g.try(in))
		}
		held(t, time.Second, g.try(in))
		g.mail(t, app.MailTarget(email))
		_, err := g.service.ResetPassword(t.Context(), app.PasswordReset{Email: email, Code: mailed, New: newPassword})
		require.NoError(t, err)
		in.Password = newPassword
		if email != aliceMail {
			held(t, time.Second, g.try(in))
		} else {
			require.NoError(t, g.try(in))
		}
	}
}

func TestGuessesAtOnceAreNoMoreThanTheLimit(t *testing.T) {
	for name, of := range map[string]struct {
		in   func(i int) app.Credentials
		want int
	}{
		"one account": {func(i int) app.Credentials {
			return app.Credentials{Username: "alice", IP: fmt.Sprint("10.0.0.", i)}
		}, strict.Account.Free},
		"one client": {func(i int) app.Credentials {
			return app.Credentials{Username: fmt.Sprint("name", i), IP: "10.0.0.1"}
		}, strict.Client.Free},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t, strict)
			kinds := g.guess(func(i int) error {
				in := of.in(i)
				in.Password = wrongPassword
				return g.try(in)
			})
			require.Equal(t, map[app.Kind]int{app.BadCredentials: of.want, app.TooOften: guessers - of.want}, kinds)
			require.EqualValues(t, of.want, g.door.checked.Load())
		})
	}
}

// guess tries many times at once and counts the kinds of the errors.
func (g *guardedWorld) guess(try func(i int) error) map[app.Kind]int {
	errs := make([]error, guessers)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range guessers {
		wg.Go(func() {
			<-start
			errs[i] = try(i)
		})
	}
	close(start)
	wg.Wait()
	kinds := map[app.Kind]int{}
	for _, err := range errs {
		kinds[app.KindOf(err)]++
	}
	return kinds
}

func TestAPasswordAskedAgainIsGuardedToo(t *testing.T) {
	g := newGuarded(t, strict)
	p, err := g.service.Authenticate(t.Context(), g.signIn(t, "alice").AccessToken)
	require.NoError(t, err)
	before := g.door.checked.Load()
	kinds := g.guess(func(int) error {
		_, err := g.service.Delete(context.Background(), p, wrongPassword)
		return err
	})
	require.Equal(t, map[app.Kind]int{app.BadCredentials: 5, app.TooOften: guessers - 5}, kinds)
	require.EqualValues(t, 5, g.door.checked.Load()-before)
	_, err = g.service.ChangePassword(t.Context(), p, app.PasswordChange{Old: goodPassword, New: newPassword})
	held(t, time.Second, err)
	require.NoError(t, g.try(app.Credentials{Username: "alice", Password: goodPassword}), "sign-ins are counted apart")
	g.clock.Advance(time.Second)
	_, err = g.service.ChangePassword(t.Context(), p, app.PasswordChange{Old: goodPassword, New: newPassword})
	require.NoError(t, err)
}

func TestAFloodLeavesSignedInUsersServed(t *testing.T) {
	guard := strict
	guard.HashWait = 10 * time.Millisecond
	g := newGuarded(t, guard)
	in := g.signIn(t, "alice")
	g.door.places = semaphore.NewWeighted(1)
	g.door.holder = &holder{make(chan struct{}), make(chan struct{})}
	first := make(chan error, 1)
	go func() { first <- g.try(app.Credentials{Username: "nobody", Password: wrongPassword}) }()
	<-g.door.holder.entered

	for range 2 * strict.Account.Free { // more than would be checked: none of them counts
		requireKind(t, app.Busy, g.try(app.Credentials{Username: "bob", Password: goodPassword, IP: "10.0.0.1"}))
	}
	p, err := g.service.Authenticate(t.Context(), in.AccessToken)
	require.NoError(t, err)
	require.Equal(t, "alice", p.Account.Username)
	_, err = g.service.SignOut(t.Context(), p)
	require.NoError(t, err)

	close(g.door.holder.leave)
	requireKind(t, app.BadCredentials, <-first)
	g.door.holder = nil
	require.NoError(t, g.try(app.Credentials{Username: "bob", Password: goodPassword, IP: "10.0.0.1"}))
}

// One client's passwords are checked one at a time, and other clients' meanwhile.
func TestAClientWaitsForItsOwnTurn(t *testing.T) {
	guard := strict
	guard.HashWait = 10 * time.Millisecond
	g := newGuarded(t, guard)
	held := &holder{make(chan struct{}), make(chan struct{})}
	g.door.holder = held
	signIn := func(client, name string) error {
		_, _, err := g.service.SignIn(fromClient(client), app.Credentials{Username: name, Password: goodPassword, IP: client})
		return err
	}
	first, other := make(chan error, 1), make(chan error, 1)
	go func() { first <- signIn("192.0.2.1", "alice") }()
	<-held.entered
	requireKind(t, app.Busy, signIn("192.0.2.1", "bob"))
	go func() { other <- signIn("203.0.113.9", "bob") }()
	<-held.entered
	close(held.leave)
	require.NoError(t, <-first)
	require.NoError(t, <-other)
}

func TestWhatIsTypedIsNotKept(t *testing.T) {
	g := newGuarded(t, strict)
	keys := &keySpy{Budgets: g.store.Budgets}
	d := g.service.Deps
	d.Admission = verify.New(verify.Options{Budgets: keys, Now: g.clock.Now})
	g.service = guardedBy(t, g.store, d, g.hasher, strict)
	typed := "a password in the wrong field"
	requireKind(t, app.BadCredentials, g.try(app.Credentials{Username: typed, Password: wrongPassword}))
	require.Len(t, keys.seen, 5)
	for _, key := range keys.seen {
		require.NotContains(t, key, typed)
		require.LessOrEqual(t, len(key), 512)
	}
}

type keySpy struct {
	verify.Budgets
	seen []string
}

func (k *keySpy) Charge(ctx context.Context, charges []verify.Charge, now time.Time) ([]verify.Hold, error) {
	for _, charge := range charges {
		k.seen = append(k.seen, charge.Key)
	}
	return k.Budgets.Charge(ctx, charges, now)
}
