package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"accord/cmd/accord/internal/config"
	"accord/store"
)

// devFlags are what the user of `accord dev` chooses.
type devFlags struct {
	data, listen, giteaListen, storageListen, database string
	serversOnly                                        bool
}

func newDev(life lifetime) *cobra.Command {
	var f devFlags
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run everything on this machine: Gitea, MinIO, a database, a mail catcher and the API",
		Long: "Run everything on this machine, for trying out and for developing against. What is in the data directory\n" +
			"goes on where it was. ACCORD_… variables set what no flag does; with --database mysql, ACCORD_DATABASE_DSN\n" +
			"names a database to use instead of a private MariaDB. Ctrl-C ends all of it, a second one at once.",
		Args: noArgs,
	}
	flags := cmd.Flags()
	flags.StringVar(&f.data, "data", "data", "`directory` that keeps everything")
	flags.StringVar(&f.listen, "listen", "localhost:8081", "`address` of the API")
	flags.StringVar(&f.giteaListen, "gitea-listen", "localhost:3000", "`address` of Gitea")
	flags.StringVar(&f.storageListen, "storage-listen", "localhost:9000", "`address` of the storage")
	flags.StringVar(&f.database, "database", "", "sqlite or mysql (default: what the data directory has, else sqlite)")
	flags.BoolVar(&f.serversOnly, "servers-only", false, "start all but the API")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		d := &devRun{devFlags: f, cmd: cmd}
		if err := d.settle(os.Environ()); err != nil {
			return err
		}
		lock, err := lockDir(d.data)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, lock.Close()) }()
		return d.run(life)
	}
	return cmd
}

// devRun is one run of `accord dev`.
type devRun struct {
	devFlags
	cmd *cobra.Command
	// base is what the environment makes of the defaults.
	base config.Config
}

// settle checks the flags and fills in what was left open.
func (d *devRun) settle(environ []string) (err error) {
	if d.data, err = filepath.Abs(d.data); err != nil {
		return err
	}
	if d.base, err = config.FromEnv(environ); err != nil {
		return &configFaults{err}
	}
	present := d.presentDatabase()
	switch {
	case d.database == "":
		d.database = cmp.Or(present.Driver, store.SQLite)
	case d.database != store.SQLite && d.database != store.MySQL:
		return fmt.Errorf("--database is %q: it is %s or %s", d.database, store.SQLite, store.MySQL)
	case present.Driver != "" && present.Driver != d.database:
		return fmt.Errorf("%s holds accounts in %s: leave --database out, or choose another --data", d.data, present.Driver)
	}
	d.base.Database.DSN = cmp.Or(d.base.Database.DSN, present.DSN)
	return nil
}

// presentDatabase is where the data directory's accounts are, empty where there
// are none. The DSN is that of a database of the user's own.
func (d *devRun) presentDatabase() config.Database {
	if _, err := os.Stat(d.path("mariadb")); err == nil {
		return config.Database{Driver: store.MySQL}
	}
	if _, err := os.Stat(d.path(sqliteFile)); err == nil {
		return config.Database{Driver: store.SQLite}
	}
	if c, _, err := config.Load(d.path(configFile), nil); err == nil {
		return c.Database
	}
	return config.Database{}
}

// path names something in the data directory.
func (d *devRun) path(name string) string { return filepath.Join(d.data, name) }

// say tells the user how it goes.
func (d *devRun) say(format string, args ...any) { d.cmd.PrintErrf("accord: "+format+"\n", args...) }

// run starts everything, says where it is, and ends it all when life does or a
// part of it fails. Who ends it before all was started is told only that.
func (d *devRun) run(life lifetime) error {
	err := d.start(life)
	if interrupted := errors.Is(err, context.Canceled) && life.ctx.Err() != nil; interrupted {
		return errors.New("ended before everything was started")
	}
	return err
}

func (d *devRun) start(life lifetime) error {
	if err := d.forget(); err != nil {
		return err
	}
	if d.serversOnly {
		return d.startOnlyServers(life)
	}
	listener, err := listenBy(life.ctx, d.listen, byFlag("listen")) // before anything starts: a port in use is told at once
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // the API has closed it where it ran
	d.listen = listensOn(listener, d.listen)
	return d.startServersAnd(life, func(c config.Config) (service, error) {
		p, err := newProgram(life.ctx, c, listener, newLogger(d.cmd.ErrOrStderr(), c.Log))
		if err != nil {
			return nil, err
		}
		return p.run, nil
	})
}

// startOnlyServers leaves the API's address to a `serve` that may run already;
// only of port 0 it makes one that is free.
func (d *devRun) startOnlyServers(life lifetime) error {
	_, port, err := net.SplitHostPort(d.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	if port == "0" {
		listener, err := listen(life.ctx, d.listen)
		if err != nil {
			return err
		}
		d.listen = listensOn(listener, d.listen)
		if err := listener.Close(); err != nil {
			return err
		}
	}
	return d.startServersAnd(life, func(config.Config) (service, error) {
		return func(l lifetime) error {
			<-l.ctx.Done()
			return nil
		}, nil
	})
}

// service works until life ends.
type service func(life lifetime) error

// startServersAnd starts the servers and what arrange makes of their
// configuration, and ends it all when life does.
func (d *devRun) startServersAnd(life lifetime, arrange func(config.Config) (service, error)) (err error) {
	servers, err := d.startServers(life.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, servers.stop(life.forced)) }()
	c, err := d.prepare(life.ctx, servers)
	if err != nil {
		return err
	}
	serve, err := arrange(c)
	if err != nil {
		return err
	}
	return d.serveUntilEnd(life, servers, c, serve)
}
