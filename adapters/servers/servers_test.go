package servers_test

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"accord/adapters/servers"
)

// server is what these tests need of each kind of server.
type server interface {
	PID() int
	Exited() <-chan struct{}
	Stop(context.Context) error
}

// kind is one kind of server with what a client of it does.
type kind struct {
	name   string
	start  func(context.Context, servers.Options) (server, error)
	secret func(t *testing.T, s server) string
	write  func(t *testing.T, s server) // leaves something behind
	read   func(t *testing.T, s server) // finds it again
}

func kinds() []kind {
	return []kind{
		{
			"gitea", starter(servers.StartGitea),
			func(_ *testing.T, s server) string { return s.(*servers.Gitea).AdminPassword },
			func(t *testing.T, s server) {
				callGitea(t, s.(*servers.Gitea), http.MethodPost, "/api/v1/user/repos", `{"name":"kept"}`, http.StatusCreated)
			},
			func(t *testing.T, s server) {
				callGitea(t, s.(*servers.Gitea), http.MethodGet, "/api/v1/repos/accord-admin/kept", "", http.StatusOK)
			},
		},
		{
			"minio", starter(servers.StartMinIO),
			func(_ *testing.T, s server) string { return s.(*servers.MinIO).RootPassword },
			func(t *testing.T, s server) {
				require.NoError(t, s3(t, s.(*servers.MinIO)).MakeBucket(t.Context(), "kept", minio.MakeBucketOptions{}))
			},
			func(t *testing.T, s server) {
				found, err := s3(t, s.(*servers.MinIO)).BucketExists(t.Context(), "kept")
				require.NoError(t, err)
				require.True(t, found)
			},
		},
		{
			"mariadb", starter(servers.StartMariaDB),
			func(t *testing.T, s server) string {
				config, err := mysql.ParseDSN(s.(*servers.MariaDB).DSN)
				require.NoError(t, err)
				return config.Passwd
			},
			func(t *testing.T, s server) {
				_, err := database(t, s.(*servers.MariaDB)).ExecContext(t.Context(), "CREATE TABLE kept (n INT)")
				require.NoError(t, err)
			},
			func(t *testing.T, s server) {
				_, err := database(t, s.(*servers.MariaDB)).ExecContext(t.Context(), "INSERT INTO kept VALUES (1)")
				require.NoError(t, err)
			},
		},
	}
}

func starter[S server](start func(context.Context, servers.Options) (S, error)) func(context.Context, servers.Options) (server, error) {
	return func(ctx context.Context, opts servers.Options) (server, error) { return start(ctx, opts) }
}

func callGitea(t *testing.T, g *servers.Gitea, method, path, body string, want int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, g.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	request.SetBasicAuth(g.AdminUser, g.AdminPassword)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, want, response.StatusCode)
}

func s3(t *testing.T, m *servers.MinIO) *minio.Client {
	t.Helper()
	endpoint, err := url.Parse(m.Endpoint)
	require.NoError(t, err)
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds: credentials.NewStaticV4(m.RootUser, m.RootPassword, ""), Region: m.Region,
	})
	require.NoError(t, err)
	return client
}

func database(t *testing.T, m *servers.MariaDB) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", m.DSN)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// start starts a server and stops it when the test ends.
func (k kind) run(t *testing.T, opts servers.Options) server {
	t.Helper()
	s, err := k.start(t.Context(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop(context.Background())) })
	return s
}

func TestASecondStartGoesOnWhereTheFirstWas(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			// A directory that an SQL or INI parser could misread, and longer than a socket's address may be.
			dir := filepath.Join(t.TempDir(), "a directory; of #some length", strings.Repeat("x", 100))
			first := k.run(t, servers.Options{Dir: dir})
			k.write(t, first)
			secret := k.secret(t, first)
			require.GreaterOrEqual(t, len(secret), 20)
			require.NoError(t, first.Stop(t.Context()))
			require.NotNil(t, first.Exited())
			<-first.Exited()

			second := k.run(t, servers.Options{Dir: dir})
			require.Equal(t, secret, k.secret(t, second))
			k.read(t, second)
		})
	}
}

func TestSecretsStayInFilesOfTheirOwner(t *testing.T) {
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), k.name)
			s := k.run(t, servers.Options{Dir: dir})
			secret := k.secret(t, s)
			arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", s.PID()))
			require.NoError(t, err)
			require.NotContains(t, string(arguments), secret)
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			holding := 0
			for _, entry := range entries {
				if !entry.Type().IsRegular() {
					continue
				}
				content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
				require.NoError(t, err)
				if !strings.Contains(string(content), secret) {
					continue
				}
				holding++
				require.NotEqual(t, "log", entry.Name())
				info, err := entry.Info()
				require.NoError(t, err)
				require.Equal(t, os.FileMode(0o600), info.Mode(), entry.Name())
			}
			require.Positive(t, holding)
		})
	}
}

func TestAPortInUseIsToldBeforeAnythingStarts(t *testing.T) {
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := k.start(t.Context(), servers.Options{Dir: dir, Listen: taken.Addr().String()})
			require.ErrorContains(t, err, k.name)
			require.ErrorContains(t, err, taken.Addr().String()+" is already in use")
			require.NotContains(t, err.Error(), "\n")
			require.NoFileExists(t, filepath.Join(dir, "log"))
		})
	}
}

func TestAMissingProgramIsToldWithTheWayToGetIt(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("ACCORD_GITEA_BIN", "")
	t.Setenv("ACCORD_MINIO_BIN", "")
	for _, k := range kinds() {
		_, err := k.start(t.Context(), servers.Options{Dir: t.TempDir(), Bin: "/nowhere/" + k.name})
		require.EqualError(t, err, "there is no program /nowhere/"+k.name)
		if k.name != "mariadb" {
			_, err = k.start(t.Context(), servers.Options{Dir: t.TempDir()})
			require.ErrorContains(t, err, "make servers")
		}
	}
	t.Setenv("ACCORD_GITEA_BIN", t.TempDir())
	_, err := servers.StartGitea(t.Context(), servers.Options{Dir: t.TempDir()})
	require.ErrorContains(t, err, "ACCORD_GITEA_BIN")
	require.ErrorContains(t, err, "not an executable file")
}

func TestAnUnusableDirectoryIsTold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, k := range kinds() {
		for _, dir := range []string{"", filepath.Join(file, "below")} {
			_, err := k.start(t.Context(), servers.Options{Dir: dir})
			require.ErrorContains(t, err, k.name+": ")
			require.ErrorContains(t, err, "directory")
			require.NotContains(t, err.Error(), "\n")
		}
	}
}

func TestADirectoryServesOneAtATime(t *testing.T) {
	dir := t.TempDir()
	k := kinds()[1]
	first := k.run(t, servers.Options{Dir: dir})
	_, err := k.start(t.Context(), servers.Options{Dir: dir})
	require.ErrorContains(t, err, dir+": in use by another running program")
	k.write(t, first) // still there, and well
}

func TestAServerThatExitsWhileStartingIsToldWithTheEndOfItsLog(t *testing.T) {
	failing := script(t, "seq 1000", "echo the drive is on fire", "exit 3")
	dir := t.TempDir()
	_, err := servers.StartMinIO(t.Context(), servers.Options{Dir: dir, Bin: failing})
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "1000\nthe drive is on fire")
	require.NotContains(t, err.Error(), "\n900\n")

	again := kinds()[1].run(t, servers.Options{Dir: dir})
	require.Positive(t, again.PID())
}

func TestAStartThatIsCalledOffLeavesNothingRunning(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	mute := script(t, "echo $$ > "+pids, "exec sleep 1000")
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	failed := make(chan error, 1)
	go func() {
		_, err := servers.StartMinIO(ctx, servers.Options{Dir: dir, Bin: mute})
		failed <- err
	}()
	require.Eventually(t, func() bool { return pidIn(pids) > 0 }, wait, tick)
	cancel()
	require.ErrorContains(t, <-failed, "does not answer")
	require.False(t, running(pidIn(pids)))
}
