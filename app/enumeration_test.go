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
		number := map[string]string{"alice": "13800138000", "nobody": "13800138001"}[name]
		g.number(t)
		var all []string
		for _, in := range []app.Credentials{{Username: name}, {Email: email}, {Username: number}} {
			in.Password = wrongPassword
			for range strict.Account.LockAfter {
				all = append(all, answer(g.try(in)), answer(g.try(in)))
				g.clock.Advance(strict.Account.MaxDelay)
			}
		}
		for range 12 {
			for range 2 {
				_, err := g.service.SendMailCode(t.Context(), email, app.AnyPurpose, "en")
				all = append(all, answer(err))
			}
			g.clock.Advance(time.Minute)
		}
		all = append(all, answer(reset(sent)))
		require.NoError(t, g.store.Codes.Put(t.Context(), app.MailTarget(email), app.AnyPurpose, sent, g.clock.Now().Add(codeLife), g.clock.Now()))
		for range 6 {
			all = append(all, answer(reset("WRONG2")))
		}
		all = append(all, answer(reset(sent)))
		return append(all, entries(t, g, email)...)
	}
	known := answers("alice")
	require.Equal(t, known, answers("nobody"))
	for _, kind := range []app.Kind{app.BadCredentials, app.TooOften, app.CodeWrong, app.HumanCheckRequired} {
		require.Contains(t, fmt.Sprint(known), kind.String(), "it was met")
	}
	require.Contains(t, known, answer(nil), "a code was sent")
}

// entries are the answers of the other ways in, to one who does not read the
// address's mail.
func entries(t *testing.T, g *guardedWorld, email string) []string {
	t.Helper()
	g.clock.Advance(24 * time.Hour)
	g.mail(t, app.MailTarget(email))
	in := app.Credentials{Email: email, Code: "WRONG2", Password: wrongPassword, IP: homeIP, HumanCheck: true}
	var all []string
	for range 5 {
		_, byCode := g.byCode(in)
		_, verified := g.service.VerifyForReset(t.Context(), email, in.Code)
		_, sent := g.service.SendUsername(t.Context(), email, homeIP, "en")
		_, coded := g.service.SendMailCodeToHuman(t.Context(), email, app.AnyPurpose, homeIP, "en")
		permitted := g.service.PermitReset(t.Context(), email, homeIP)
		for _, err := range []error{byCode, g.try(in), verified, sent, coded, permitted} {
			all = append(all, answer(err))
		}
		g.human(t, homeIP, email)
	}
	return all
}

// BenchmarkKnownUnknown measures how long requests take that a stranger can make
// about an address: for one that has an account, and for one that has none, in
// turns. Neither may be told from the other by its time.
func BenchmarkKnownUnknown(b *testing.B) {
	clock := sagatest.NewClock()
	directory := memory.NewDirectory()
	c := newCore(b, clock.Now, password.Options{}, app.Deps{
		Directory: directory, DirectoryDoor: directory, Storage: memory.NewStorage(), Mailer: memory.NewMailer(), Files: memory.NewFiles(),
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
		{"sign-in-by-code", app.CodeWrong, func(ctx context.Context, email string) error {
			_, _, err := service.SignInByCode(ctx, app.Credentials{Email: email, Code: "WRONG2", IP: "127.0.0.1"})
			return err
		}},
		{"reset-token", app.CodeWrong, func(ctx context.Context, email string) error {
			_, err := service.VerifyForReset(ctx, email, "WRONG2")
			return err
		}},
		{"user-name", app.Internal, func(ctx context.Context, email string) error { // which stands for no error
			_, err := service.SendUsername(ctx, email, "127.0.0.1", "en")
			require.NoError(b, err)
			return nil
		}},
		{"code", app.Internal, func(ctx context.Context, email string) error { // which stands for no error
			_, err := service.SendMailCode(ctx, email, app.AnyPurpose, "en")
			require.NoError(b, err)
			return nil
		}},
	}
	took := map[string]map[string][]time.Duration{}
	for n := 0; b.Loop(); n++ {
		for _, r := range requests {
			if n == 0 {
				took[r.name] = map[string][]time.Duration{}
			}
			clock.Advance(25 * time.Hour) // nothing counts from before
			for turn := range 2 {
				who := []string{"alice", "nobody"}[(n+turn)%2]
				email := who + "@example.com"
				if r.want == app.CodeWrong {
					require.NoError(b, c.store.Codes.Put(
						b.Context(), app.MailTarget(email), app.AnyPurpose, "7KQ2MX", clock.Now().Add(codeLife), clock.Now()))
				}
				took[r.name][who] = append(took[r.name][who], timed(func() {
					require.Equal(b, r.want, app.KindOf(r.make(b.Context(), email)))
				}))
			}
		}
	}
	for _, r := range requests {
		known, unknown := took[r.name]["alice"], took[r.name]["nobody"]
		report(b, "known-"+r.name, known)
		report(b, "unknown-"+r.name, unknown)
		for _, p := range []int{50, 95} {
			b.ReportMetric(float64(percentile(known, p))/float64(percentile(unknown, p)), fmt.Sprintf("%s-known/unknown-p%d", r.name, p))
		}
	}
}
