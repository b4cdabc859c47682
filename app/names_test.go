package app_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/app/verify"
	"accord/saga/sagatest"
)

// TestStoredNamesNeedTheKey: whoever has the names of budgets and proofs, but not
// the key, cannot find an address, a number, a user name or a code in them by
// trying all that there are.
func TestStoredNamesNeedTheKey(t *testing.T) {
	names := storedNames(t, "one")
	digests := digestsIn(names)
	require.GreaterOrEqual(t, len(digests), 8)
	for _, typed := range []string{
		"alice", "13800138000", "8613800138000", "alice@example.com", "mail:alice@example.com", "sms:+8613800138000", verify.Network(homeIP),
		strings.ToLower(mailed.Reveal()),
	} {
		sum := sha256.Sum256([]byte(typed))
		require.NotContains(t, digests, hex.EncodeToString(sum[:]), typed)
	}
	require.Equal(t, digests, digestsIn(storedNames(t, "one")), "replicas share the key")
	for digest := range digestsIn(storedNames(t, "two")) {
		require.NotContains(t, digests, digest, "another key makes other names")
	}
}

func TestServicesNeedAKeyOfDigests(t *testing.T) {
	d := newWorld(t, sagatest.NewClock()).service.Deps
	d.Digests = app.NewDigests(nil)
	_, err := app.New(d, app.Settings{})
	require.ErrorContains(t, err, "no key")
}

// TestSagasWithNamesOfAnEarlierRelease: a saga that an earlier release began, with
// other names of budgets and proofs in its state, ends here, whichever step fails,
// also if the rows of those names are gone.
func TestSagasWithNamesOfAnEarlierRelease(t *testing.T) {
	for name, gone := range map[string]bool{"rows are there": false, "rows are gone": true} {
		t.Run(name, func(t *testing.T) {
			sagatest.FailEveryStep(t, func(t *testing.T, clock *sagatest.Clock) sagatest.World[app.SendingCodeState] {
				w := newWorld(t, clock)
				d := w.service.Deps
				d.Digests = app.NewDigests([]byte("earlier"))
				earlier := limitedBy(t, w.store, d, defaults, app.DefaultLimits())
				proof, client := "human/earlier", homeIP
				require.NoError(t, w.store.Proofs.Put(t.Context(), proof, clock.Now().Add(grace), clock.Now()))
				target := app.MailTarget("alice@example.com")
				flow := w.service.MailCodeFlow()
				flow.Stages[0][0].Do = func(ctx context.Context, c *app.SendingCodeState) error {
					if err := earlier.MailCodeFlow().Stages[0][0].Do(ctx, c); err != nil || !gone {
						return err
					}
					for i := range c.Charged {
						c.Charged[i].Key += "/gone"
					}
					c.Spent = []app.ProofRef{{Name: "human/gone", Ends: clock.Now().Add(grace)}}
					return nil
				}
				return sagatest.World[app.SendingCodeState]{
					Definition: flow, Journal: w.store.Journal, Subject: app.CodeSubject,
					State: app.SendingCodeState{
						Target: target, Language: "en", Code: "7KQ2MX", Client: client, Human: []string{proof},
						Expires: clock.Now().Add(codeLife), Email: "alice@example.com",
					},
					Check: func(t *testing.T, committed bool) {
						if gone {
							return // that it ends is all
						}
						again := app.SendingCodeState{Target: target, Email: "alice@example.com", Client: client}
						if !committed {
							require.NoError(t, earlier.ChargeCode(t.Context(), &again))
							w.proofIs(t, proof, true, clock)
							return
						}
						requireKind(t, app.TooOften, earlier.ChargeCode(t.Context(), &again))
						w.proofIs(t, proof, false, clock)
					},
				}
			})
		})
	}
}

func digestsIn(names string) map[string]bool {
	found := map[string]bool{}
	for _, digest := range regexp.MustCompile(`[0-9a-f]{64}`).FindAllString(names, -1) {
		found[digest] = true
	}
	return found
}

// storedNames returns the names of the budgets and proofs of requests that show
// all there is about alice, of a service with that key.
func storedNames(t *testing.T, key string) string {
	t.Helper()
	g := newGuarded(t, strict)
	g.number(t)
	g.aliceProved(t)
	seen := &nameSpy{}
	d := g.service.Deps
	d.Admission = verify.New(verify.Options{Budgets: seenBudgets{g.store.Budgets, seen}, Now: g.clock.Now})
	d.Proofs, d.Digests = seenProofs{d.Proofs, seen}, app.NewDigests([]byte(key))
	g.service = guardedBy(t, g.store, d, g.hasher, strict)
	ctx := fromClient(homeIP)
	for _, in := range []app.Credentials{
		{Username: "alice"}, {Email: "alice@example.com"}, {Country: "86", Mobile: "13800138000"}, {Username: "13800138000"}, {Username: "nobody"},
	} {
		in.Password, in.IP, in.HumanCheck = wrongPassword, homeIP, true
		requireKind(t, app.BadCredentials, g.try(in))
	}
	require.NoError(t, g.try(app.Credentials{Username: "alice", Password: goodPassword, IP: homeIP}))
	g.human(t, homeIP, "alice@example.com")
	require.NoError(t, g.service.PermitReset(ctx, "alice@example.com", homeIP))
	require.NoError(t, g.mailCode(homeIP, "alice@example.com"))
	require.NoError(t, g.message(homeIP, "13800138000"))
	_, err := g.service.SendUsername(ctx, "alice@example.com", homeIP, "en")
	require.NoError(t, err)
	for target, sent := range map[app.Target]string{
		{Email: "alice@example.com", Client: homeIP}:           app.MailTarget("alice@example.com"),
		{Country: "86", Mobile: "13800138000", Client: homeIP}: app.SMSTarget("86", "13800138000"),
	} {
		g.mail(t, sent)
		requireKind(t, app.CodeWrong, g.service.VerifyTarget(ctx, target, "WRONG2"))
		require.NoError(t, g.service.VerifyTarget(ctx, target, mailed))
	}
	g.calm(t)
	return seen.String()
}

// nameSpy records names of budgets and proofs.
type nameSpy struct {
	mu    sync.Mutex
	names []string
}

func (s *nameSpy) add(names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = append(s.names, names...)
}

func (s *nameSpy) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.names, "\n")
}

type seenBudgets struct {
	verify.Budgets
	seen *nameSpy
}

func (b seenBudgets) Charge(ctx context.Context, charges []verify.Charge, now time.Time) ([]verify.Hold, error) {
	for _, c := range charges {
		b.seen.add(c.Key)
	}
	return b.Budgets.Charge(ctx, charges, now)
}

type seenProofs struct {
	app.Proofs
	seen *nameSpy
}

func (p seenProofs) Put(ctx context.Context, name string, ends, now time.Time) error {
	p.seen.add(name)
	return p.Proofs.Put(ctx, name, ends, now)
}
