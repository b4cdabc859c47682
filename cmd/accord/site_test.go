package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/keyring"
	"accord/adapters/servers"
	"accord/adapters/servers/serverstest"
	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

// databases are what every test of the whole runs on.
var databases = []string{store.SQLite, store.MySQL}

// site is a configuration on the package's real servers, with a database and a
// mail catcher of its own, and what was made ready for it.
type site struct {
	config.Config
	// mail is where caught messages are.
	mail string
}

// sites counts the sites. Those that run together share one storage, where
// account ids of one minute would meet: so each is in another time zone.
var sites atomic.Int32

func zoneOf(n int32) string { return fmt.Sprintf("Etc/GMT%+d", n%27-14) }

func newSite(t testing.TB, driver string) site {
	t.Helper()
	return newSiteOn(t, driver, serverstest.Gitea(t), serverstest.MinIO(t))
}

// newSiteOn makes a site on the given servers.
func newSiteOn(t testing.TB, driver string, gitea *servers.Gitea, minio *servers.MinIO) site {
	t.Helper()
	dir := t.TempDir()
	dsn := filepath.Join(dir, "accord.db")
	if driver == store.MySQL {
		dsn = serverstest.Database(t)
	}
	return newSiteIn(t, dir, driver, dsn, gitea, minio)
}

// newSiteIn makes a site on the given database and servers, whose own files are
// in dir.
func newSiteIn(t testing.TB, dir, driver, dsn string, gitea *servers.Gitea, minio *servers.MinIO) site {
	t.Helper()
	catcher, err := servers.StartMailCatcher(t.Context(), filepath.Join(dir, "mail"), "127.0.0.1:0", time.Now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, catcher.Close()) })

	c := config.Default()
	c.Listen, c.Zone = "localhost:0", zoneOf(sites.Add(1))
	c.Guard.ExemptClients = []string{"127.0.0.0/8", "::1"} // all clients of these tests are one
	c.HTTP.RefusalPause = 0
	c.Gitea.URL, c.Gitea.AdminUser, c.Gitea.AdminPassword = gitea.URL, gitea.AdminUser, app.Secret(gitea.AdminPassword)
	c.Storage.Endpoint, c.Storage.Region = minio.Endpoint, minio.Region
	c.Storage.AdminUser, c.Storage.AdminPassword = minio.RootUser, app.Secret(minio.RootPassword)
	c.Database.Driver, c.Database.DSN = driver, app.Secret(dsn)
	c.Mail.TLS, c.Mail.From = "none", "Accord <accord@localhost>"
	c.Mail.Host, c.Mail.Port = hostPort(t, catcher.Addr)
	c.Keys.File = filepath.Join(dir, "keys.json")
	require.NoError(t, c.Validate())

	ring, err := keyring.LoadOrGenerate(c.Keys.File)
	require.NoError(t, err)
	require.NoError(t, prepare(t.Context(), c, ring, io.Discard))
	return site{Config: c, mail: catcher.Dir}
}

func hostPort(t testing.TB, address string) (string, int) {
	t.Helper()
	host, text, err := net.SplitHostPort(address)
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	return host, port
}

// start runs the server inside the test, on a free port, until the test ends.
func (s site) start(t testing.TB) client {
	t.Helper()
	return s.startWith(t, func(*program) {})
}

// startWith is start, and shows the program before it runs.
func (s site) startWith(t testing.TB, show func(p *program)) client {
	t.Helper()
	listener, err := listen(t.Context(), s.Listen)
	require.NoError(t, err)
	p, err := newProgram(t.Context(), s.Config, listener, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	show(p)
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.run(lifetime{ctx: ctx, forced: context.Background()}) }()
	t.Cleanup(func() {
		end()
		require.NoError(t, <-ended)
	})
	return client{url: p.url()}
}

// mailTo counts the caught messages to that address.
func (s site) mailTo(t testing.TB, address string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.mail, "*.eml"))
	require.NoError(t, err)
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(text), "<"+address+">") {
			n++
		}
	}
	return n
}

// person is somebody that no other test knows.
type person struct{ name, email, password string }

func newPerson() person {
	name := "p" + strings.ToLower(rand.Text())
	return person{name: name, email: name + "@example.com", password: "1qazxsw2"}
}
