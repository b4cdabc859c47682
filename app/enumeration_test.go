package app_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/adapters/password"
	"accord/app"
	"accord/saga/sagatest"
)

// answer is all that a client can be told of a request.
func answer(err error) string {
	var e *app.Error
	if err == nil || !errors.As(err, &e) {
		return fmt.Sprint(err)
	}
	return fmt.Sprint(e.Kind, e.Violations, e.RetryAfter, e)
}

// TestKnownAndUnknownAreAnsweredAlike does the same to an address that has an
// account and to one that has none, until nothing is left to happen.
func TestKnownAndUnknownAreAnsweredAlike(t *testing.T) {
	const sent = app.Secret("7KQ2MX")
	answers := func(name string) []string {
		g := newGuarded(t, strict)
		email := name + "@example.com"
		reset := func(code app.Secret) error {
			_, err := g.service.ResetPassword(t.Context(), app.PasswordReset{Email: email, Code: code, New: newPassword})
			return err
		}
		var all []string
		for _, in := range []app.Credentials{{Username: name}, {Email: email}} {
			in.Password = wrongPassword
			for range strict.Account.LockAfter {
				all = append(all, answer(g.try(in)), answer(g.try(in)))
				g.clock.Advance(strict.Account.MaxDelay)
			}
		}
		for range 12 {
			for range 2 {
				_, err := g.service.SendMailCode(t.Context(), email, "en")
				all = append(all, answer(err))
			}
			g.clock.Advance(time.Minute)
		}
		all = append(all, answer(reset(sent)))
		limits := app.CodeLimits{PerMinute: 1000, PerDay: 1000}
		require.NoError(t, g.store.Codes.Put(t.Context(), app.MailTarget(email), sent, g.clock.Now().Add(codeLife), limits, g.clock.Now()))
		for range 6 {
			all = append(all, answer(reset("WRONG2")))
		}
		return append(all, answer(reset(sent)))
	}
	known := answers("alice")
	require.Equal(t, known, answers("nobody"))
	for _, kind := range []app.Kind{app.BadCredentials, app.TooOften, app.CodeWrong} {
		require.Contains(t, fmt.Sprint(known), kind.String(), "it was met")
	}
	require.Contains(t, known, answer(nil), "a code was sent")
}

// BenchmarkKnownUnknown measures how long requests take that a stranger can make
// about an address: for one that has an account, and for one that has none, in
// turns. Neither may be told from the other by its time.
func BenchmarkKnownUnknown(b *testing.B) {
	clock := sagatest.NewClock()
	c := newCore(b, clock.Now, password.Options{}, app.Deps{
		Directory: memory.NewDirectory(), Storage: memory.NewStorage(), Mailer: memory.NewMailer(), Files: memory.NewFiles(),
	})
	service := guardedBy(b, c.store, c.service.Deps, c.hasher, strict)
	_, err := service.Register(b.Context(), app.Registration{
		Username: "alice", Email: "alice@example.com", Password: goodPassword, Language: "en",
	})
	require.NoError(b, err)
	requests := []struct {
		name string
		want app.Kind
		make func(ctx context.Context, email string) error
	}{
		{"sign-in", app.BadCredentials, func(ctx context.Context, email string) error {
			_, _, err := service.SignIn(ctx, app.Credentials{Email: email, Password: wrongPassword, IP: "127.0.0.1"})
			return err
		}},
		{"reset", app.CodeWrong, func(ctx context.Context, email string) error {
			_, err := service.ResetPassword(ctx, app.PasswordReset{Email: email, Code: "WRONG2", New: newPassword})
			return err
		}},
		{"code", app.Internal, func(ctx context.Context, email string) error { // which stands for no error
			_, err := service.SendMailCode(ctx, email, "en")
			require.NoError(b, err)
			return nil
		}},
	}
	known, unknown := map[string][]time.Duration{}, map[string][]time.Duration{}
	for n := 0; b.Loop(); n++ {
		clock.Advance(25 * time.Hour) // no limit is left from the round before
		for _, r := range requests {
			ask := func(email string, into map[string][]time.Duration) {
				require.NoError(b, c.store.Codes.Put(b.Context(), app.MailTarget("reset"+email), "7KQ2MX", clock.Now().Add(codeLife),
					app.CodeLimits{PerMinute: 9, PerDay: 9}, clock.Now()))
				into[r.name] = append(into[r.name], timed(func() {
					require.Equal(b, r.want, app.KindOf(r.make(b.Context(), email)))
				}))
			}
			turns := []func(){
				func() { ask("alice@example.com", known) },
				func() { ask(fmt.Sprintf("nobody%d@example.com", n), unknown) },
			}
			turns[n%2]()
			turns[1-n%2]()
		}
	}
	for _, r := range requests {
		report(b, "known-"+r.name, known[r.name])
		report(b, "unknown-"+r.name, unknown[r.name])
		for _, p := range []int{50, 95} {
			ratio := float64(percentile(known[r.name], p)) / float64(percentile(unknown[r.name], p))
			b.ReportMetric(ratio, fmt.Sprintf("%s-known/unknown-p%d", r.name, p))
		}
	}
}
