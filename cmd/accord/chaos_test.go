package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"flag"
	"fmt"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/jmoiron/sqlx"
	miniogo "github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/sync/errgroup"

	"accord/app"
)

var (
	chaosKills = flag.Int("chaos.kills", 10, "how many replicas TestChaos kills")
	chaosCrowd = flag.Int("chaos.people", crowd, "how many people there are at once in a TestChaos of more than 20 kills")
	chaosSeed  = flag.Uint64("chaos.seed", 0, "what TestChaos draws its faults and deeds from; 0 for any")
)

const (
	// crowd is how many people there are at once, shortCrowd in a short run, which
	// has to find time for itself beside other tests.
	crowd, shortCrowd = 64, 8
	// takeoverLimit is how soon the sagas of a dead replica are taken over.
	takeoverLimit = 10 * time.Second
	// settleLimit bounds the wait for everything to settle.
	// Pauses between tries grow to five minutes.
	settleLimit = 12 * time.Minute
	// shortRun is the most kills of a run that is short.
	shortRun = 20
	// evidence is how many accounts a failure is explained with.
	evidence = 8
)

// chaos is one run.
type chaos struct {
	*world
	t        *testing.T
	site     *chaosSite
	replicas *replicas
	db       *sqlx.DB
	watch    *leaseWatch
	faults   *faults
	foreign  *foreigners
	kills    int
	crowd    int
	// settleTime is the replicas'.
	settleTime time.Duration
	took       time.Duration // the load
	began      time.Time

	number   atomic.Int64 // of the last citizen
	mu       sync.Mutex
	citizens []*citizen
	// suicides are replicas that ended by themselves.
	suicides int
}

// TestChaos kills replicas and breaks connections under a load of what a person can
// do in the infinite dialect, and restore, and then compares the three systems at
// their sources. See docs/chaos.md.
func TestChaos(t *testing.T) {
	seed := *chaosSeed
	if seed == 0 {
		seed = mathrand.Uint64()>>1 + 1
	}
	t.Logf("seed %d, %d kills", seed, *chaosKills)
	c := newChaos(t, seed, *chaosKills)
	c.welcome()
	c.rage()
	c.settle()
	for i := range c.replicas.slots {
		require.NoError(t, c.replicas.stop(i))
	}
	first := compare(t, c.site, c.db, c.foreign)
	c.foreign.untouched(first)
	c.beliefsHold(first)

	c.site.restartMinIO(t)
	require.NoError(t, c.replicas.restart(0))
	c.credentialsHold(first)
	c.gravesClose()
	require.NoError(t, c.replicas.stop(0))
	second := compare(t, c.site, c.db, c.foreign)
	c.foreign.untouched(second)
	c.report()
	c.judge(append(first.found, second.found...))
}

func newChaos(t *testing.T, seed uint64, kills int) *chaos {
	t.Helper()
	settle, people := chaosSettle, *chaosCrowd
	if kills <= shortRun {
		settle, people = shortSettle, shortCrowd
	}
	site := newChaosSite(t, settle)
	db, err := sqlx.Open("mysql", site.direct.Database.DSN.Reveal())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	hasher, err := newHasher(site.direct.Password)
	require.NoError(t, err)
	r := startReplicas(t, site.file, 2)
	c := &chaos{
		t: t, site: site, replicas: r, db: db, watch: newLeaseWatch(db), kills: kills, crowd: people, settleTime: settle,
		world: &world{
			seed: seed, front: newFront(r), accounts: &accountRows{db, hasher}, file: site.file,
			post: newCodeBox(site.direct.mail, readMail), texts: newCodeBox(site.direct.SMS.Dir, readText),
		},
	}
	c.faults = &faults{Rand: mathrand.New(mathrand.NewPCG(seed, 1)), site: site, replicas: r, injected: map[string]int{}}
	c.foreign = newForeigners(t, site.direct)
	return c
}

// rage runs the load, the faults and the kills until there were enough kills.
func (c *chaos) rage() {
	c.began = time.Now()
	load, endLoad := context.WithCancel(c.t.Context())
	watching, endWatching := context.WithCancel(c.t.Context())
	var people, others sync.WaitGroup
	for range c.crowd {
		people.Go(func() {
			for load.Err() == nil {
				c.oneLife(load)
			}
		})
	}
	var faulty error
	others.Go(func() { faulty = c.faults.run(load) })
	c.t.Cleanup(func() { endLoad(); others.Wait() }) // nothing stays frozen
	var watch sync.WaitGroup
	watch.Go(func() { c.watch.run(watching) })
	c.kill()
	c.took = time.Since(c.began)
	endLoad()
	others.Wait()
	require.NoError(c.t, faulty)
	people.Wait()
	endWatching()
	watch.Wait()
}

// welcome has somebody register while nothing is broken, so that a run on a slow
// machine is about somebody too.
func (c *chaos) welcome() {
	const tries = 5
	for range tries {
		c.oneLife(c.t.Context())
		if c.front.times("/api/user/registerIndividual", "General.Success") > 0 {
			return
		}
	}
}

func (c *chaos) oneLife(ctx context.Context) {
	person := c.newCitizen(int(c.number.Add(1)))
	c.mu.Lock()
	c.citizens = append(c.citizens, person)
	c.mu.Unlock()
	person.live(ctx, 3+person.IntN(10))
}

// kill kills replicas, one at a time, and starts them again.
func (c *chaos) kill() {
	r := mathrand.New(mathrand.NewPCG(c.seed, 2))
	for range c.kills {
		pause(c.t.Context(), between(r, 400*time.Millisecond, 1200*time.Millisecond))
		slot, from := r.IntN(2), time.Now()
		if !c.replicas.end(slot) {
			c.suicides++
		}
		require.NoError(c.t, c.watch.look(c.t.Context()))
		require.NoError(c.t, c.replicas.restart(slot))
		c.faults.note(from, fmt.Sprintf("replica %d killed, till it served again", slot))
	}
}

// settle waits until every saga is over and the sessions that were not to be kept
// have ended.
func (c *chaos) settle() {
	c.waitFor("what goes on", `SELECT (SELECT COUNT(*) FROM sagas WHERE runnable = 1)
		+ (SELECT COUNT(*) FROM sessions WHERE closed_at = 0 AND opened_at > 0 AND expires_at < ?)`,
		time.Now().Add(time.Hour).UnixMicro())
}

// gravesClose waits until the deleted accounts are removed.
func (c *chaos) gravesClose() {
	c.waitFor("graves", `SELECT (SELECT COUNT(*) FROM accounts WHERE status = 'leaving')
		+ (SELECT COUNT(*) FROM sagas WHERE runnable = 1)`)
}

// waitFor waits until a count is zero; what is left when the time is over is for
// the comparison.
func (c *chaos) waitFor(what, query string, args ...any) {
	c.t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(c.t.Context(), settleLimit)
	defer cancel()
	left := -1
	for ctx.Err() == nil {
		if err := c.db.GetContext(ctx, &left, query, args...); err == nil && left == 0 {
			break
		}
		pause(ctx, 100*time.Millisecond)
	}
	c.t.Logf("%s: %d left after %s", what, left, time.Since(began).Round(time.Millisecond))
}

// beliefsHold compares what each client was told with what is.
func (c *chaos) beliefsHold(by *comparison) {
	rows, known := map[string]*accountRow{}, map[string]bool{}
	for i, a := range by.accounts {
		if a.held() {
			rows[a.Username] = &by.accounts[i]
		}
	}
	for _, person := range c.citizens {
		known[person.name] = true
		person.mu.Lock()
		for _, finding := range person.adopt(rows[person.name]) {
			by.wrong(person.id, "%s", finding)
		}
		for _, s := range person.sessions {
			_, open := by.open[s.id]
			if open && s.belief == ended || !open && s.belief == lives && s.kept && person.status[0] == string(app.Normal) {
				by.wrong(person.id, "%s: the session %s lives: %v, and its client believes %d", person.name, s.id, open, s.belief)
			}
		}
		person.mu.Unlock()
	}
	for name, a := range rows {
		if !known[name] {
			by.wrong(a.ID, "nobody registered %s", name)
		}
	}
}

// credentialsHold tries every password and token.
func (c *chaos) credentialsHold(by *comparison) {
	var group errgroup.Group
	group.SetLimit(8)
	var mu sync.Mutex
	wrong := func(person *citizen, format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		by.wrong(person.id, person.name+": "+format, args...)
	}
	for _, person := range c.citizens {
		if !person.registered {
			continue
		}
		group.Go(func() error {
			c.passwordsHold(person, wrong)
			for _, s := range person.sessions {
				_, open := by.open[s.id]
				c.tokensHold(person, s, open, wrong)
			}
			return nil
		})
	}
	require.NoError(c.t, group.Wait())
}

// complaint takes down what is wrong with somebody.
type complaint func(person *citizen, format string, args ...any)

func (c *chaos) passwordsHold(person *citizen, wrong complaint) {
	past := person.past[max(0, len(person.past)-2):]
	normal := person.status[0] == string(app.Normal)
	for _, password := range append(slices.Clone(past), person.password[0]) {
		good := normal && password == person.password[0]
		a, err := client{c.replicas.url(0)}.call("login", "", map[string]string{"username": person.name, "password": password})
		if err != nil || (a.Code == "General.Success") != good {
			wrong(person, "signing in by a password that is good: %v is answered %s (%v)", good, a.Code, err)
		}
		status := giteaStatus(c.t, c.site.gitea.URL+"/api/v1/user", func(r *http.Request) { r.SetBasicAuth(person.name, password) })
		if (status == http.StatusOK) != good {
			wrong(person, "a password that is good: %v is answered %d by Gitea", good, status)
		}
	}
}

func (c *chaos) tokensHold(person *citizen, s *signIn, open bool, wrong complaint) {
	a, err := client{c.replicas.url(0)}.call("getUserDetail", s.AccessToken, struct{}{})
	if err != nil || (a.Code == "General.Success") != open {
		wrong(person, "the access token of session %s, which lives: %v, is answered %s (%v)", s.id, open, a.Code, err)
	}
	if status := s.gitea(c.t, c.site.gitea.URL); (status == http.StatusOK) != open {
		wrong(person, "the Gitea token of session %s, which lives: %v, is answered %d", s.id, open, status)
	}
	_, err = s.s3(c.t).PutObject(c.t.Context(), s.Storage.Bucket, s.Storage.Prefix+"chaos", bytes.NewReader(nil), 0, miniogo.PutObjectOptions{})
	if (err == nil) != open {
		wrong(person, "the storage credentials of session %s, which lives: %v, are answered %v", s.id, open, err)
	}
}

// report prints the figures.
func (c *chaos) report() {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	line := func(format string, args ...any) { fmt.Fprintf(table, format+"\n", args...) }
	r := c.watch.figures(c.t, c.replicas.killed)
	round := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	line("seed\t%d", c.seed)
	line("kills\t%d\tin %s", c.kills, c.took.Round(time.Second))
	line("starts in vain\t%d", c.replicas.notStarted)
	line("people\t%d", len(c.citizens))
	line("takeovers\t%d\tof %d sagas; %d by the death of their owner, %d from a living one", r.takeovers, r.sagas, r.orphaned, r.frozen)
	line("longest from due to takeover\t%s", round(r.dueToTaken))
	line("longest from kill to takeover\t%s\tsaga %s", round(r.killToTaken), r.slowest)
	line("longest from kill to the decision\t%s", round(r.killToDecided))
	line("longest recovery, kill to the end\t%s\tsettle time of %s included, saga %s", round(r.killToEnd), c.settleTime, r.longest)
	answered := 0
	for _, path := range slices.Sorted(maps.Keys(c.front.asked)) {
		for _, code := range slices.Sorted(maps.Keys(c.front.asked[path])) {
			line("%s\t%s\t%d", path, code, c.front.asked[path][code])
			answered += c.front.asked[path][code]
		}
	}
	line("requests\t%d\t%d tries, %.1f requests/s", answered, c.front.tries, float64(answered)/c.took.Seconds())
	for _, flow := range flowCounts(c.t, c.db) {
		line("%s", flow)
	}
	for _, name := range slices.Sorted(maps.Keys(c.faults.injected)) {
		line("fault %s\t%d", name, c.faults.injected[name])
	}
	_ = table.Flush() // into memory
	c.t.Log("\n" + text.String())
	if r.killToTaken >= takeoverLimit {
		c.front.unexpected("the saga %s was taken over only %s after its owner was killed", r.slowest, round(r.killToTaken))
	}
}

// judge fails the test where anything is not as it must be, and tells why.
func (c *chaos) judge(found []discord) {
	c.t.Helper()
	var text strings.Builder
	told := map[string]bool{}
	for _, f := range found {
		fmt.Fprintf(&text, "  %s %s\n", f.account, f.what)
		if f.account == "" || told[f.account] || len(told) >= evidence {
			continue
		}
		told[f.account] = true
		text.WriteString(histories(c.t, c.db, f.account))
		text.WriteString("    meanwhile\n" + c.meanwhile(f.account))
	}
	for _, answer := range c.front.lately {
		fmt.Fprintf(&text, "  %s\n", answer)
	}
	for _, line := range c.replicas.said("DATA RACE", "panic:", "panicked", "saga stuck") {
		fmt.Fprintf(&text, "  a replica said: %s\n", line)
	}
	if c.suicides > 0 {
		fmt.Fprintf(&text, "  %d replicas ended by themselves\n", c.suicides)
	}
	if text.Len() > 0 {
		c.keep(text.String())
		require.Fail(c.t, "out of accord", "seed %d; make chaos KILLS=%d SEED=%d draws the same faults and deeds again\n%s",
			c.seed, c.kills, c.seed, text.String())
	}
	require.Positive(c.t, c.front.times("/api/user/registerIndividual", "General.Success"))
	require.NotEmpty(c.t, c.faults.injected)
}

// keep puts what was found, and when everything went wrong, beside what the
// servers wrote.
func (c *chaos) keep(findings string) {
	c.t.Helper()
	for name, text := range map[string]string{"findings.txt": findings, "faults.txt": c.faults.between(time.Time{}, time.Now())} {
		require.NoError(c.t, os.WriteFile(filepath.Join(c.site.dir, name), []byte(text), 0o600))
	}
}

// meanwhile is what happened while anything was done with an account.
func (c *chaos) meanwhile(account string) string {
	var first, last int64
	row := c.db.QueryRowContext(c.t.Context(), "SELECT COALESCE(MIN(created_at), 0), COALESCE(MAX(updated_at), 0) FROM sagas WHERE subject = ?", account)
	require.NoError(c.t, row.Scan(&first, &last))
	const around = 3 * time.Second
	return c.faults.between(time.UnixMicro(first).Add(-around), time.UnixMicro(last).Add(around))
}

// anSSHKey is a public key of nobody.
func anSSHKey(t testing.TB) string {
	t.Helper()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	key, err := ssh.NewPublicKey(public)
	require.NoError(t, err)
	return string(ssh.MarshalAuthorizedKey(key))
}
