package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"accord/adapters/servers"
	"accord/store"
)

// progressEvery is how often a start that takes long is told of.
const progressEvery = 2 * time.Second

// devServers are the systems that `accord dev` runs.
type devServers struct {
	gitea   *servers.Gitea
	minio   *servers.MinIO
	mariadb *servers.MariaDB // nil with SQLite and with a database of the user's own
	mail    *servers.MailCatcher
}

// startServers starts all at the same time. On an error none is left running; it
// is that of the context where the user does not wait.
func (d *devRun) startServers(life context.Context) (*devServers, error) {
	ctx, cancel := context.WithCancel(life) // the first failure ends the other starts
	defer cancel()
	s := &devServers{}
	starts := map[string]func() error{
		"gitea": func() (err error) {
			s.gitea, err = servers.StartGitea(ctx, servers.Options{Dir: d.path("gitea"), Listen: d.giteaListen})
			return tellFlag(err, "gitea-listen")
		},
		"storage": func() (err error) {
			s.minio, err = servers.StartMinIO(ctx, servers.Options{Dir: d.path("minio"), Listen: d.storageListen})
			return tellFlag(err, "storage-listen")
		},
		"mail catcher": func() (err error) {
			s.mail, err = servers.StartMailCatcher(ctx, d.path("mail"), "127.0.0.1:0", time.Now)
			return err
		},
	}
	if d.database == store.MySQL && d.base.Database.DSN == "" {
		starts["database"] = func() (err error) {
			s.mariadb, err = servers.StartMariaDB(ctx, servers.Options{Dir: d.path("mariadb")})
			return err
		}
	}
	if err := d.startTogether(starts, cancel); err != nil {
		return nil, errors.Join(cmp.Or(life.Err(), err), s.stop(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// tellFlag adds to a port in use which flag of dev chooses another.
func tellFlag(err error, flag string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w by %s", err, byFlag(flag))
	}
	return err
}

// byFlag shows how an address is chosen by a flag of dev.
func byFlag(flag string) string {
	return fmt.Sprintf("--%[1]s HOST:PORT (make run ARGS='--%[1]s HOST:PORT')", flag)
}

// startTogether tells of each start that is done, and every other while of those
// that are not. It returns the first error when all have returned.
func (d *devRun) startTogether(starts map[string]func() error, cancel func()) error {
	type outcome struct {
		name string
		err  error
	}
	outcomes := make(chan outcome)
	for name, start := range starts {
		go func() { outcomes <- outcome{name, start()} }()
	}
	waiting := maps.Clone(starts)
	progress := time.NewTicker(progressEvery)
	defer progress.Stop()
	began := time.Now()
	var first error
	for len(waiting) > 0 {
		select {
		case <-progress.C:
			names := strings.Join(slices.Sorted(maps.Keys(waiting)), ", ")
			d.say("starting %s, %.0f s so far", names, time.Since(began).Seconds())
		case o := <-outcomes:
			delete(waiting, o.name)
			if o.err != nil && first == nil {
				first = o.err
				cancel()
			}
		}
	}
	return first
}

// stop ends everything that was started, all at the same time; the end of ctx
// makes it forceful.
func (s *devServers) stop(ctx context.Context) error {
	var stops []func() error
	for _, p := range s.processes() {
		stops = append(stops, func() error { return p.Stop(ctx) })
	}
	if s.mail != nil {
		stops = append(stops, s.mail.Close)
	}
	faults := make([]error, len(stops))
	var stopping sync.WaitGroup
	for i, stop := range stops {
		stopping.Go(func() { faults[i] = stop() })
	}
	stopping.Wait()
	return errors.Join(faults...)
}

// processes are the child processes by their names.
func (s *devServers) processes() map[string]*servers.Process {
	running := map[string]*servers.Process{}
	if s.gitea != nil {
		running["gitea"] = s.gitea.Process
	}
	if s.minio != nil {
		running["minio"] = s.minio.Process
	}
	if s.mariadb != nil {
		running["mariadb"] = s.mariadb.Process
	}
	return running
}

// watch returns why a server ended by itself, or nil once ctx has ended.
func (d *devRun) watch(ctx context.Context, s *devServers) error {
	ended := make(chan error)
	for name, p := range s.processes() {
		go func() {
			select {
			case <-p.Exited():
			case <-ctx.Done():
				return
			}
			select {
			case ended <- fmt.Errorf("%s ended by itself; %s tells why", name, d.path(name+"/log")):
			case <-ctx.Done():
			}
		}()
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return nil
	}
}
