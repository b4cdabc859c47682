package app_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"accord/adapters/gitea"
	"accord/adapters/memory"
	"accord/adapters/minio"
	"accord/adapters/password"
	"accord/adapters/servers/serverstest"
	"accord/app"
)

func TestMain(m *testing.M) { os.Exit(serverstest.Run(m)) }

// live is a service over the real Gitea and MinIO, for measuring.
type live struct {
	*core
	directory app.Directory
	storage   app.Storage
}

func newLive(b *testing.B) *live {
	b.Helper()
	g, m := serverstest.Gitea(b), serverstest.MinIO(b)
	directory, err := gitea.New(gitea.Options{
		URL: g.URL, AdminUser: g.AdminUser, AdminPassword: app.Secret(g.AdminPassword), Timeout: 10 * time.Second,
	})
	require.NoError(b, err)
	storage, err := minio.New(minio.Options{
		Endpoint: m.Endpoint, Region: m.Region, Bucket: "homes",
		AdminUser: m.RootUser, AdminPassword: app.Secret(m.RootPassword),
	})
	require.NoError(b, err)
	b.Cleanup(storage.Close)
	require.NoError(b, storage.EnsureHome(b.Context()))
	l := &live{directory: directory, storage: storage}
	l.core = newCore(b, time.Now, password.Options{}, app.Deps{
		Directory: directory, DirectoryDoor: directory, Storage: storage, Mailer: memory.NewMailer(),
	})
	running, stop := context.WithCancel(context.Background())
	var group errgroup.Group
	group.Go(func() error { return l.runner.Run(running) })
	b.Cleanup(func() {
		stop()
		require.NoError(b, group.Wait())
	})
	return l
}

func person(prefix string, n int) app.Registration {
	name := fmt.Sprintf("%s%d-%d", prefix, os.Getpid(), n)
	return app.Registration{Username: name, Email: name + "@example.com", Password: goodPassword, Language: "en"}
}

// BenchmarkRegister compares a registration, journal included, with a script
// that makes the same calls one after the other: hash, account row, Gitea user,
// storage user, account row again. The two take turns.
func BenchmarkRegister(b *testing.B) {
	l := newLive(b)
	var saga, script []time.Duration
	for n := 0; b.Loop(); n++ {
		in := person("saga", n)
		saga = append(saga, timed(func() {
			_, err := l.service.Register(b.Context(), in)
			require.NoError(b, err)
		}))
		script = append(script, timed(func() { l.registerByScript(b, person("script", n), n) }))
	}
	report(b, "saga", saga)
	report(b, "script", script)
	b.ReportMetric(float64(percentile(saga, 50))/float64(percentile(script, 50)), "saga/script-p50")
	b.ReportMetric(float64(percentile(saga, 95))/float64(percentile(script, 95)), "saga/script-p95")
}

func (l *live) registerByScript(b *testing.B, in app.Registration, n int) {
	ctx, now := b.Context(), time.Now()
	id := fmt.Sprintf("9901010000%04d", n)
	account := app.Account{
		ID: id, UserID: int64(n + 1), Username: in.Username, Email: in.Email, Status: app.Reserved,
		GiteaOrigin: app.Created, StorageOrigin: app.Created, CreatedAt: now, UpdatedAt: now,
	}
	hash, err := l.hasher.Hash(ctx, in.Password)
	require.NoError(b, err)
	require.NoError(b, l.store.Accounts.Reserve(ctx, account))
	giteaID, err := l.directory.CreateUser(ctx, app.DirectoryUser{
		AccountID: id, Username: in.Username, Email: in.Email, Password: in.Password,
	})
	require.NoError(b, err)
	secret := app.Secret("a-storage-secret-of-the-benchmark-script")
	require.NoError(b, l.storage.CreateUser(ctx, app.StorageKeyOf(id), secret))
	require.NoError(b, l.store.Accounts.Activate(ctx, id, app.Activation{
		PasswordHash: hash, GiteaID: giteaID, StorageKey: app.StorageKeyOf(id), StorageSecret: secret, At: now,
	}))
}

// BenchmarkSignIn compares a sign-in with what it cannot do without: the
// password check, then the slower of Gitea token and storage grant.
func BenchmarkSignIn(b *testing.B) {
	l := newLive(b)
	in := person("signer", b.N)
	_, err := l.service.Register(b.Context(), in)
	require.NoError(b, err)
	account, err := l.store.Accounts.ByUsername(b.Context(), in.Username)
	require.NoError(b, err)
	var signIns, floors []time.Duration
	for n := 0; b.Loop(); n++ {
		signIns = append(signIns, timed(func() {
			_, _, err := l.service.SignIn(b.Context(), app.Credentials{Username: in.Username, Password: in.Password})
			require.NoError(b, err)
		}))
		name := fmt.Sprintf("bench-%d-%d", os.Getpid(), n)
		check := timed(func() {
			ok, err := l.hasher.Verify(b.Context(), account.PasswordHash, in.Password)
			require.True(b, ok && err == nil)
		})
		token := timed(func() {
			_, err := l.directory.CreateToken(b.Context(), account.Ref(), name)
			require.NoError(b, err)
		})
		grant := timed(func() {
			_, err := l.storage.Grant(b.Context(), account.StorageKey, account.StorageSecret, name, sessionTTL)
			require.NoError(b, err)
		})
		floors = append(floors, check+max(token, grant))
	}
	report(b, "sign-in", signIns)
	report(b, "floor", floors)
	b.ReportMetric(float64(percentile(signIns, 50))/float64(percentile(floors, 50)), "sign-in/floor-p50")
}

func timed(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

func report(b *testing.B, name string, d []time.Duration) {
	for _, p := range []int{50, 95} {
		b.ReportMetric(float64(percentile(d, p).Microseconds())/1000, fmt.Sprintf("%s-p%d-ms", name, p))
	}
}

func percentile(d []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(d))
	return sorted[min(len(sorted)-1, len(sorted)*p/100)]
}
