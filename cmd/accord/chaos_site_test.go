package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"accord/adapters/servers"
	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

// chaosSite is a site of its own servers, with a line to each of them that can be
// spoilt.
type chaosSite struct {
	// dir has everything that the servers and the replicas write.
	dir string
	// direct leads past the lines: to look at the systems as they are.
	direct site
	// file is the configuration that leads through them, for replicas.
	file  string
	gitea *servers.Gitea
	minio *servers.MinIO
	lines map[string]*line
}

// Bounds of what goes on among the replicas of a chaosSite.
const (
	chaosLease = 2 * time.Second
	// chaosSettle is what the program has by default; a short run takes less,
	// which is longer than anything that the faults can hold back.
	chaosSettle, shortSettle = 30 * time.Second, 12 * time.Second
	chaosGrace               = 20 * time.Second
	// chaosSession is how long a sign-in lasts that is not to be kept.
	chaosSession = 12 * time.Second
)

func newChaosSite(t testing.TB, settle time.Duration) *chaosSite {
	t.Helper()
	zerolog.SetGlobalLevel(zerolog.Disabled) // the proxies' own
	c := &chaosSite{dir: keptIfFailed(t), lines: map[string]*line{}}
	var err error
	c.gitea, err = servers.StartGitea(t.Context(), servers.Options{Dir: filepath.Join(c.dir, "gitea")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.gitea.Stop(context.Background())) })
	require.NoError(t, c.startMinIO(t.Context(), ""))
	t.Cleanup(func() { require.NoError(t, c.minio.Stop(context.Background())) })
	mariadb, err := servers.StartMariaDB(t.Context(), servers.Options{Dir: filepath.Join(c.dir, "mariadb")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, mariadb.Stop(context.Background())) })

	s := newSiteIn(t, c.dir, store.MySQL, mariadb.DSN, c.gitea, c.minio)
	s.Saga.Lease, s.Saga.Settle, s.Saga.Poll = chaosLease, settle, 200*time.Millisecond
	s.Saga.Deadline, s.Saga.Answer, s.Saga.StepTimeout = 5*time.Second, 6*time.Second, 3*time.Second
	s.Gitea.Timeout, s.Storage.Timeout = 2500*time.Millisecond, 2500*time.Millisecond
	s.Session.TTL, s.Session.SweepEvery = chaosSession, time.Second
	s.Deletion.Grace = chaosGrace
	s.SMS.Provider, s.SMS.Dir, s.SMS.PerClientHour, s.SMS.PlatformDay = "dev", filepath.Join(c.dir, "sms"), 0, 0
	s.Mail.PlatformDay, s.Limits = 0, config.Limits{}
	require.NoError(t, os.Mkdir(s.SMS.Dir, 0o700))
	s.Password.MemoryKiB, s.Password.Passes, s.Password.Wait = 64, 1, 0
	// A check whose server is killed counts as failed: see the decision on guessing.
	s.Guard.AccountFree, s.Guard.AccountLockAfter, s.Guard.ClientFree, s.Guard.ClientLockAfter = 1000, 0, 0, 0
	s.Storage.PublicEndpoint = s.Storage.Endpoint
	c.direct = s

	s.Gitea.URL = "http://" + c.line(t, "gitea", s.Gitea.URL)
	s.Storage.Endpoint = "http://" + c.line(t, "storage", s.Storage.Endpoint)
	dsn, err := mysql.ParseDSN(s.Database.DSN.Reveal())
	require.NoError(t, err)
	dsn.Addr = c.line(t, "database", "//"+dsn.Addr)
	s.Database.DSN = app.Secret(dsn.FormatDSN())
	c.file = filepath.Join(c.dir, configFile)
	require.NoError(t, s.Write(c.file))
	return c
}

// keptIfFailed makes a folder that is removed when the test has passed.
func keptIfFailed(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "accord-chaos-") //nolint:usetesting // that of the test is removed when it fails, too
	require.NoError(t, err)
	t.Logf("in %s, which is kept if this fails", dir)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("kept for the post-mortem: %s; see docs/chaos.md", dir)
			return
		}
		require.NoError(t, os.RemoveAll(dir))
	})
	return dir
}

func (c *chaosSite) startMinIO(ctx context.Context, listen string) (err error) {
	c.minio, err = servers.StartMinIO(ctx, servers.Options{Dir: filepath.Join(c.dir, "minio"), Listen: listen})
	return err
}

// restartMinIO starts the storage anew in its place: it then knows what is on
// its disk, and nothing else.
func (c *chaosSite) restartMinIO(t testing.TB) {
	t.Helper()
	require.NoError(t, c.minio.Stop(t.Context()))
	require.NoError(t, c.startMinIO(t.Context(), strings.TrimPrefix(c.minio.Endpoint, "http://")))
}

// storedUsers are the access keys of the users on the storage's disk. A folder
// without an identity is what a request leaves that was cut off.
func (c *chaosSite) storedUsers(t testing.TB) []string {
	t.Helper()
	users := filepath.Join(c.dir, "minio", "data", ".minio.sys", "config", "iam", "users")
	found, err := filepath.Glob(filepath.Join(users, "*", "identity.json", "xl.meta"))
	require.NoError(t, err)
	keys := make([]string, len(found))
	for i, file := range found {
		keys[i] = filepath.Base(filepath.Dir(filepath.Dir(file)))
	}
	require.NotEmpty(t, keys, "the foreign user at least is in %s", users)
	return keys
}

// line opens a line to a server and returns its address.
func (c *chaosSite) line(t testing.TB, name, server string) string {
	t.Helper()
	c.lines[name] = newLine(t, name, server)
	return c.lines[name].address
}

// replicas are servers that share everything, some of them down at times. Safe
// for concurrent use.
type replicas struct {
	file string
	// logs, one of each slot, lie beside the file.
	logs []*os.File

	mu    sync.Mutex
	slots []*process
	// killed is when each owner of leases was killed; past are all processes that
	// have ended, by whatever.
	killed map[string]time.Time
	past   []*process
	// notStarted counts starts in vain: while the database was out of reach.
	notStarted int
}

func startReplicas(t testing.TB, file string, n int) *replicas {
	t.Helper()
	r := &replicas{file: file, slots: make([]*process, n), killed: map[string]time.Time{}}
	t.Cleanup(func() {
		for i := range r.slots {
			r.end(i)
		}
		for _, log := range r.logs {
			require.NoError(t, log.Close())
		}
	})
	for i := range n {
		log, err := os.Create(filepath.Join(filepath.Dir(file), fmt.Sprintf("replica-%d.log", i)))
		require.NoError(t, err)
		r.logs = append(r.logs, log)
		require.NoError(t, r.restart(i))
	}
	return r
}

// restartLimit is longer than the database is ever out of reach.
const restartLimit = 30 * time.Second

// restart fills a slot; it tries for as long as the database may be out of reach.
func (r *replicas) restart(slot int) error {
	var faults error
	for deadline := time.Now().Add(restartLimit); time.Now().Before(deadline); pause(context.Background(), 100*time.Millisecond) {
		p, err := launch(r.file, r.logs[slot])
		r.mu.Lock()
		if err == nil {
			r.slots[slot] = p
			r.mu.Unlock()
			return nil
		}
		r.notStarted++
		r.mu.Unlock()
		faults = errors.Join(faults, err)
	}
	return faults
}

// end kills the replica of a slot and reports whether it had been alive.
func (r *replicas) end(slot int) (alive bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.slots[slot]
	if p == nil {
		return false
	}
	select {
	case <-p.done:
	default:
		alive = true
	}
	r.killed[p.owner] = time.Now()
	p.kill()
	r.slots[slot], r.past = nil, append(r.past, p)
	return alive
}

// stop ends the replica of a slot as an operator would.
func (r *replicas) stop(slot int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.slots[slot]
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	<-p.done
	r.slots[slot], r.past = nil, append(r.past, p)
	return p.cmd.Wait()
}

// url is where a replica is, the one of the slot if it is up.
func (r *replicas) url(slot int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.slots {
		if p := r.slots[(slot+i)%len(r.slots)]; p != nil {
			return p.url
		}
	}
	return ""
}

// freeze stops a replica in its tracks and returns how to thaw it.
func (r *replicas) freeze(slot int) (thaw func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.slots[slot%len(r.slots)]
	if p == nil || p.cmd.Process.Signal(syscall.SIGSTOP) != nil {
		return func() {}
	}
	return func() { _ = p.cmd.Process.Signal(syscall.SIGCONT) } // it may have been killed since
}

// said returns the lines of ended replicas that contain one of the words.
func (r *replicas) said(words ...string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for _, p := range r.past {
		for i, line := range p.output {
			for _, word := range words {
				if strings.Contains(line, word) {
					lines = append(lines, p.output[i:min(i+12, len(p.output))]...)
					break
				}
			}
		}
	}
	return lines
}
