package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// scriptWait bounds each wait of a script.
const scriptWait = time.Minute

func TestScripts(t *testing.T) {
	built := builtServers(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			for name, path := range built {
				env.Setenv(name, path)
			}
			return keepPrivate(env.WorkDir)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await": await, "terminate": terminate, "devenv": devenv, "ready": ready, "children": children,
			"occupy": occupy, "post": post, "nosecrets": nosecrets,
			"damage": damage, "insync": insync, "giteado": giteado,
			"putsaga": putSaga, "sql": runSQL,
		},
	})
}

// keepPrivate makes the configurations of a script readable by their owner alone:
// testscript unpacks every file for everyone.
func keepPrivate(dir string) error {
	configurations, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	for _, path := range configurations {
		err = errors.Join(err, os.Chmod(path, 0o600))
	}
	return err
}

// builtServers are the servers' programs by the variables that name them, for
// commands that run outside of this module.
func builtServers(t testing.TB) map[string]string {
	t.Helper()
	programs := map[string]string{"ACCORD_GITEA_BIN": "../../bin/servers/gitea", "ACCORD_MINIO_BIN": "../../bin/servers/minio"}
	for name, program := range programs {
		path, err := filepath.Abs(cmp.Or(os.Getenv(name), program))
		require.NoError(t, err)
		programs[name] = path
	}
	return programs
}

// eventually looks until the condition holds.
func eventually(ts *testscript.TestScript, what string, holds func() error) {
	ctx, cancel := context.WithTimeout(context.Background(), scriptWait)
	defer cancel()
	_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, holds() },
		backoff.WithBackOff(backoff.NewConstantBackOff(20*time.Millisecond)), backoff.WithMaxElapsedTime(0))
	if err != nil {
		ts.Fatalf("%s: %v", what, err)
	}
}

// await FILE waits until the file is there.
func await(ts *testscript.TestScript, _ bool, args []string) {
	eventually(ts, "await "+args[0], func() error {
		_, err := os.Stat(ts.MkAbs(args[0]))
		return err
	})
}

// ready URL waits until the server says that all is well.
func ready(ts *testscript.TestScript, _ bool, args []string) {
	eventually(ts, "ready "+args[0], func() error { return askReady(context.Background(), args[0]) })
}

// terminate asks every background command to end.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	}
}

func readState(ts *testscript.TestScript, file string) devState {
	var state devState
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &state))
	return state
}

// devenv FILE puts what dev.json tells into the environment.
func devenv(ts *testscript.TestScript, _ bool, args []string) {
	state := readState(ts, args[0])
	for name, value := range map[string]string{
		"API": state.API, "GITEA": state.Gitea.URL, "GITEA_USER": state.Gitea.AdminUser, "STORAGE": state.Storage.Endpoint,
	} {
		ts.Setenv(name, value)
	}
}

// children FILE waits until the processes that dev.json names run, and
// ! children FILE until none of them does.
func children(ts *testscript.TestScript, neg bool, args []string) {
	state := readState(ts, args[0])
	named := 0
	for _, pid := range []*int{state.PIDs.Gitea, state.PIDs.Storage, state.PIDs.MariaDB} {
		if pid == nil {
			continue
		}
		named++
		eventually(ts, "children", func() error {
			err := syscall.Kill(*pid, 0)
			if neg && err == nil {
				return os.ErrExist
			}
			if neg {
				return nil
			}
			return err
		})
	}
	if named < 2 {
		ts.Fatalf("dev.json names %d processes", named)
	}
}

// occupy NAME listens on a free port until the script ends and puts its address
// into the variable NAME.
func occupy(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := listen(context.Background(), "localhost:0")
	ts.Check(err)
	ts.Defer(func() { _ = listener.Close() })
	ts.Setenv(args[0], listener.Addr().String())
}

// post URL FILE sends the file as JSON and prints the answer.
func post(ts *testscript.TestScript, _ bool, args []string) {
	body := strings.NewReader(ts.ReadFile(args[1]))
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, args[0], body)
	ts.Check(err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(ts.Stdout(), response.Body)
	ts.Check(err)
}

// nosecrets FILE checks that the last command printed none of the passwords of
// that dev.json.
func nosecrets(ts *testscript.TestScript, _ bool, args []string) {
	state := readState(ts, args[0])
	printed := ts.ReadFile("stdout") + ts.ReadFile("stderr")
	for _, secret := range []string{state.Gitea.AdminPassword, state.Storage.RootPassword} {
		if secret == "" || strings.Contains(printed, secret) {
			ts.Fatalf("a password is missing in %s, or was printed", args[0])
		}
	}
}
