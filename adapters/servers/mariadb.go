package servers

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// MariaDB is a running MariaDB server.
type MariaDB struct {
	*Process
	// DSN reaches the database `accord`, in the form that github.com/go-sql-driver/mysql takes: times are parsed, as UTC, and
	// an update counts the rows that it found. Its user may also create and drop databases named `accord_…`.
	DSN string
}

// StartMariaDB starts MariaDB and returns when the database `accord` can be used. ctx bounds the start only. Errors are one
// line that tells what to do, or the end of the server's log when it exits by itself; nothing is left running then.
func StartMariaDB(ctx context.Context, opts Options) (*MariaDB, error) {
	bin, err := locateInstalled("mariadbd", opts.Bin)
	if err != nil {
		return nil, err
	}
	h, err := openHome(ctx, "mariadb", opts)
	if err != nil {
		return nil, err
	}
	server, err := startMariaDB(ctx, h, bin, opts.Listen)
	if err != nil {
		return nil, errors.Join(err, h.release())
	}
	if err := server.answers(ctx); err != nil {
		return nil, errors.Join(err, server.Stop(ctx))
	}
	return server, nil
}

func startMariaDB(ctx context.Context, h *home, bin, listen string) (*MariaDB, error) {
	addr, err := pick(ctx, listen)
	if err != nil {
		return nil, fmt.Errorf("mariadb: %w", err)
	}
	if err := install(ctx, h); err != nil {
		return nil, err
	}
	user, err := loginIn(h.path("user.json"), "accord")
	if err != nil {
		return nil, fmt.Errorf("mariadb: %w", err)
	}
	if err := writeFile(h.path("init.sql"), []byte(initSQL(user))); err != nil {
		return nil, fmt.Errorf("mariadb: %w", err)
	}
	args := append([]string{"--no-defaults"}, asRoot()...)
	args = append(args,
		"--datadir="+h.path("data"), "--tmpdir="+h.dir, "--init-file="+h.path("init.sql"),
		"--bind-address="+addr.host, "--port="+addr.port,
		"--socket=socket", "--pid-file=pid", // in the data directory: a longer path does not fit a socket's address
		"--skip-name-resolve", "--skip-log-bin", "--max-connections=500",
		"--character-set-server=utf8mb4", "--default-time-zone=+00:00")
	process, err := spawn(h, bin, args, nil)
	if err != nil {
		return nil, err
	}
	return &MariaDB{Process: process, DSN: dsn(addr, user)}, nil
}

// asRoot allows the database to run as root, which it refuses otherwise.
func asRoot() []string {
	if os.Geteuid() == 0 {
		return []string{"--user=root"}
	}
	return nil
}

// install makes an empty data directory the first time: under another name until it is whole.
func install(ctx context.Context, h *home) error {
	if _, err := os.Stat(h.path("data")); err == nil {
		return nil
	}
	bin, err := locateInstalled("mariadb-install-db", "")
	if err != nil {
		return err
	}
	half := h.path("data.part")
	if err := errors.Join(os.RemoveAll(half), os.Mkdir(half, 0o700)); err != nil {
		return fmt.Errorf("mariadb: %w", err)
	}
	// The script stumbles over a blank in a path, so it is shown a link to the directory.
	temp, err := os.MkdirTemp("", "accord-")
	if err != nil {
		return fmt.Errorf("mariadb: %w", err)
	}
	defer os.RemoveAll(temp)
	link := filepath.Join(temp, "data")
	if err := os.Symlink(half, link); err != nil {
		return fmt.Errorf("mariadb: %w", err)
	}
	args := append([]string{"--no-defaults"}, asRoot()...)
	// Servers that share a folder for temporary tables delete each other's.
	args = append(args, "--datadir="+link, "--tmpdir="+temp, "--auth-root-authentication-method=normal", "--skip-test-db",
		"--innodb-log-file-size=8M")
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Dir, cmd.Env = h.dir, environment(h)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mariadb: mariadb-install-db: %w:\n%s", err, out)
	}
	return os.Rename(half, h.path("data"))
}

// initSQL runs at every start, before the first connection: it leaves one account, ours. One statement per line.
func initSQL(user login) string {
	account := fmt.Sprintf("'%s'@'%%'", user.User)
	return strings.Join([]string{
		"DELETE FROM mysql.global_priv WHERE User IN ('', 'root');",
		"FLUSH PRIVILEGES;",
		"CREATE DATABASE IF NOT EXISTS accord CHARACTER SET utf8mb4;",
		"CREATE OR REPLACE USER " + account + " IDENTIFIED BY '" + user.Password + "';",
		"GRANT ALL ON accord.* TO " + account + ";",
		"GRANT ALL ON `accord\\_%`.* TO " + account + ";",
		"",
	}, "\n")
}

func dsn(addr address, user login) string {
	config := mysql.NewConfig()
	config.User, config.Passwd = user.User, user.Password
	config.Net, config.Addr, config.DBName = "tcp", addr.dial(), "accord"
	config.ParseTime, config.ClientFoundRows, config.Loc = true, true, time.UTC
	config.Params = map[string]string{"charset": "utf8mb4"}
	return config.FormatDSN()
}

// answers waits until the database can be used.
func (m *MariaDB) answers(ctx context.Context) error {
	db, err := sql.Open("mysql", m.DSN)
	if err != nil {
		return fmt.Errorf("mariadb: %w", err)
	}
	defer db.Close()
	return m.await(ctx, db.PingContext)
}
