package main

import (
	"context"
	"errors"
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
	"accord/store"
)

// chaosSite is a site of its own servers, with a line to each of them that can be
// spoilt.
type chaosSite struct {
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
	c := &chaosSite{lines: map[string]*line{}}
	var err error
	c.gitea, err = servers.StartGitea(t.Context(), servers.Options{Dir: filepath.Join(t.TempDir(), "gitea")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.gitea.Stop(context.Background())) })
	c.minio, err = servers.StartMinIO(t.Context(), servers.Options{Dir: filepath.Join(t.TempDir(), "minio")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.minio.Stop(context.Background())) })

	s := newSiteOn(t, store.MySQL, c.gitea, c.minio)
	s.Saga.Lease, s.Saga.Settle, s.Saga.Poll = chaosLease, settle, 200*time.Millisecond
	s.Saga.Deadline, s.Saga.Answer, s.Saga.StepTimeout = 5*time.Second, 6*time.Second, 3*time.Second
	s.Gitea.Timeout, s.Storage.Timeout = 2500*time.Millisecond, 2500*time.Millisecond
	s.Session.TTL, s.Session.SweepEvery = chaosSession, time.Second
	s.Deletion.Grace = chaosGrace
	s.SMS.Provider, s.SMS.Dir, s.SMS.PerClientHour, s.SMS.PlatformDay = "dev", t.TempDir(), 0, 0
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
	c.file = filepath.Join(t.TempDir(), configFile)
	require.NoError(t, s.Write(c.file))
	return c
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
	})
	for i := range n {
		require.NoError(t, r.restart(i))
	}
	return r
}

// restart fills a slot; it tries for as long as the database may be out of reach.
func (r *replicas) restart(slot int) error {
	var faults error
	for range 10 {
		p, err := launch(r.file)
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
