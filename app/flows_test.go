package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

const accountID = "26112022001234"

func TestRegisterFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.RegistrationState] {
		w := newWorld(t, clock)
		w.directory.Place(memoryForeigner, goodPassword)
		foreigners := w.directory.Entries()
		return audited(t, w.core, clock, sagatest.World[app.RegistrationState]{
			Definition: w.service.RegisterFlow(), Journal: w.store.Journal, Subject: accountID,
			State: app.RegistrationState{
				Account: app.Account{
					ID: accountID, UserID: 1, Username: "Alice", Email: "Alice@example.com", Profile: app.Profile{Nickname: "Alice"},
					Status: app.Reserved, GiteaOrigin: app.Created, StorageOrigin: app.Created,
					StorageKey: app.StorageKeyOf(accountID), StorageSecret: "a-storage-secret-of-many-characters",
					CreatedAt: clock.Now(), UpdatedAt: clock.Now(),
				},
				Password: goodPassword, Language: "zh",
			},
			Check: func(t *testing.T, committed bool) {
				if committed {
					w.whole(t, "alice")
					require.NotEmpty(t, w.mailer.Sent())
					return
				}
				w.absent(t, "alice", "alice@example.com")
				require.Equal(t, foreigners, w.directory.Entries(), "nothing is left, and the foreign user is as it was")
				require.Empty(t, w.storage.Users())
			},
		})
	})
}

func TestSignInFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.SigningInState] {
		w := newWorld(t, clock)
		account := w.register(t, "alice", "alice@example.com")
		other := w.signIn(t, "alice")
		session := app.Session{
			ID: "a2345678901234567890123456", AccountID: account.ID, CredentialEpoch: account.CredentialEpoch,
			CreatedAt: clock.Now(), ExpiresAt: clock.Now().Add(sessionTTL),
		}
		return audited(t, w.core, clock, sagatest.World[app.SigningInState]{
			Definition: w.service.SignInFlow(), Journal: w.store.Journal, Subject: account.ID,
			State: app.SigningInState{
				Session: session, Username: account.Username,
				StorageKey: account.StorageKey, StorageSecret: account.StorageSecret,
			},
			Check: func(t *testing.T, committed bool) {
				w.sessionIs(t, session, committed)
				w.alive(t, other)
			},
		})
	})
}

func TestSignOutFailingEveryStep(t *testing.T) {
	sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.SigningOutState] {
		w := newWorld(t, clock)
		account := w.register(t, "alice", "alice@example.com")
		in, other := w.signIn(t, "alice"), w.signIn(t, "alice")
		return audited(t, w.core, clock, sagatest.World[app.SigningOutState]{
			Definition: w.service.SignOutFlow(), Journal: w.store.Journal, Subject: account.ID,
			State: app.SigningOutState{Session: in.Session, Username: account.Username, StorageKey: account.StorageKey},
			Check: func(t *testing.T, committed bool) {
				if committed {
					w.dead(t, in)
				} else {
					w.alive(t, in)
				}
				w.alive(t, other)
			},
		})
	})
}

// A registration that Gitea carries out after it was undone does not stand in
// the way of the next one.
func TestRegisterMeetsLateEffect(t *testing.T) {
	for _, second := range []app.Registration{
		{Username: "alice", Email: "other@example.com", Password: goodPassword},
		{Username: "other", Email: "alice@example.com", Password: goodPassword},
	} {
		w := newWorld(t, sagatest.NewClock())
		delayed := w.directory.Inject("CreateUser", memoryDelay)
		_, err := w.service.Register(t.Context(), app.Registration{
			Username: "alice", Email: "alice@example.com", Password: goodPassword,
		})
		require.Equal(t, app.DirectoryFailed, app.KindOf(err))
		require.NoError(t, delayed.Release())
		require.Len(t, w.directory.Entries(), 1, "the late user is there")

		_, err = w.service.Register(t.Context(), second)
		require.NoError(t, err)
		require.Len(t, w.directory.Entries(), 1, "and then only the one that was registered")
		w.whole(t, second.Username)
	}
}

func TestRegisterLeavesForeignersAlone(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.directory.Place(memoryForeigner, goodPassword)
	before := w.directory.Entries()
	for want, in := range map[app.Kind]app.Registration{
		app.UserTaken:  {Username: "FOREIGNER", Email: "alice@example.com", Password: goodPassword},
		app.EmailTaken: {Username: "alice", Email: "Foreigner@Example.com", Password: goodPassword},
	} {
		_, err := w.service.Register(t.Context(), in)
		require.Equal(t, want, app.KindOf(err))
		require.Equal(t, before, w.directory.Entries())
		require.Empty(t, w.storage.Users())
		w.absent(t, in.Username, in.Email)
	}
}

// A storage user that has the drawn access key is left alone; another id is
// drawn.
func TestRegisterDrawsAnotherID(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	ids := &drawn{IDs: w.service.IDs, ids: []string{accountID, "26112022009999"}}
	w.service.IDs = ids
	w.storage.PlaceForeign(app.StorageKeyOf(accountID), "a foreigner's secret")
	account := w.register(t, "alice", "alice@example.com")
	require.Equal(t, "26112022009999", account.ID)
	require.Contains(t, w.storage.Users(), app.StorageKeyOf(accountID))
	w.whole(t, "alice")
}

// drawn gives account ids in this order.
type drawn struct {
	app.IDs
	ids []string
}

func (d *drawn) AccountID(time.Time) string {
	id := d.ids[0]
	d.ids = d.ids[1:]
	return id
}

func TestRegisterTellsEveryViolation(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	_, err := w.service.Register(t.Context(), app.Registration{Username: "api", Email: "nobody", Password: " "})
	var e *app.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, app.Invalid, e.Kind)
	require.Equal(t, []app.Violation{
		{Field: "username", Rule: app.Pattern}, {Field: "email", Rule: app.EmailSyntax}, {Field: "password", Rule: app.NotBlank},
	}, e.Violations)
	require.Zero(t, w.directory.Count("CreateUser"))
}

func TestSignInTellsStatusOnlyToTheRightPassword(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.register(t, "alice", "alice@example.com")
	for _, in := range []app.Credentials{
		{Username: "alice", Password: "wrong1234"},
		{Username: "nobody", Password: goodPassword},
		{Email: "nobody@example.com", Password: goodPassword},
		{Username: "alice"},
	} {
		_, _, err := w.service.SignIn(t.Context(), in)
		require.Equal(t, app.BadCredentials, app.KindOf(err))
		var status *app.NotAllowed
		require.NotErrorAs(t, err, &status)
	}
	in, _, err := w.service.SignIn(t.Context(), app.Credentials{Email: "ALICE@example.com", Password: goodPassword})
	require.NoError(t, err)
	w.alive(t, in)
}

func TestSessionLength(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	w.register(t, "alice", "alice@example.com")
	for keep, want := range map[bool]time.Duration{false: sessionTTL, true: keepTTL} {
		in, _, err := w.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: goodPassword, Keep: keep})
		require.NoError(t, err)
		require.Equal(t, clock.Now().Add(want), in.Session.ExpiresAt)
		require.WithinDuration(t, in.Session.ExpiresAt, in.Grant.Expiration, time.Second)
	}
}

func TestSignOutEndsOneSession(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.register(t, "alice", "alice@example.com")
	w.register(t, "bob", "bob@example.com")
	one, two, bob := w.signIn(t, "alice"), w.signIn(t, "alice"), w.signIn(t, "bob")
	p, err := w.service.Authenticate(t.Context(), one.AccessToken)
	require.NoError(t, err)
	_, err = w.service.SignOut(t.Context(), p)
	require.NoError(t, err)
	w.dead(t, one)
	w.alive(t, two)
	w.alive(t, bob)
}

func TestSignOutSaysWhatIsStillAlive(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	w.register(t, "alice", "alice@example.com")
	in := w.signIn(t, "alice")
	p, err := w.service.Authenticate(t.Context(), in.AccessToken)
	require.NoError(t, err)
	w.directory.Inject("DeleteToken", memoryFailBefore)
	_, err = w.service.SignOut(t.Context(), p)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	_, err = w.service.Authenticate(t.Context(), in.AccessToken)
	require.Equal(t, app.TokenInvalid, app.KindOf(err), "the session is closed all the same")
}

func TestSessionsExpireEverywhere(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	w.register(t, "alice", "alice@example.com")
	in := w.signIn(t, "alice")
	n, err := w.service.EndExpired(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	clock.Advance(sessionTTL + time.Second)
	fresh := w.signIn(t, "alice")
	_, err = w.service.Authenticate(t.Context(), in.AccessToken)
	require.Equal(t, app.TokenExpired, app.KindOf(err))
	n, err = w.service.EndExpired(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	w.dead(t, in)
	w.alive(t, fresh)
}

// What could not be ended everywhere is not counted, and keeps nothing else from
// being ended.
func TestExpiredSessionsThatFailAreNotCounted(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	for _, name := range []string{"alice", "bob"} {
		w.register(t, name, name+"@example.com")
		w.signIn(t, name)
	}
	clock.Advance(sessionTTL + time.Second)
	w.directory.Inject("DeleteToken", memoryFailBefore)
	n, err := w.service.EndExpired(t.Context())
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.Equal(t, 1, n)
}

func TestAuthenticateRefusesStrangeTokens(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	for token, want := range map[app.Secret]app.Kind{"": app.TokenMissing, "nonsense": app.TokenInvalid} {
		_, err := w.service.Authenticate(t.Context(), token)
		require.Equal(t, want, app.KindOf(err))
	}
}
