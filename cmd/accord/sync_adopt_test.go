package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// giteado FILE METHOD PATH [JSON] asks Gitea's API as the administrator that
// dev.json names, and prints the answer.
func giteado(ts *testscript.TestScript, _ bool, args []string) {
	state := readState(ts, args[0])
	body := strings.Join(args[3:], "")
	request, err := http.NewRequest(args[1], state.Gitea.URL+"/api/v1"+args[2], strings.NewReader(body)) //nolint:noctx // a script has none
	ts.Check(err)
	request.SetBasicAuth(state.Gitea.AdminUser, state.Gitea.AdminPassword)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusMultipleChoices {
		ts.Fatalf("%s %s answers %d", args[1], args[2], response.StatusCode)
	}
	text, err := new(bytes.Buffer).ReadFrom(response.Body)
	ts.Check(err)
	ts.Logf("%s %s: %d, %d bytes", args[1], args[2], response.StatusCode, text)
}

// sync runs a command of sync.
func (s site) sync(t testing.TB, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), configFile)
	require.NoError(t, s.Write(file))
	cmd := exec.CommandContext(t.Context(), "accord", append([]string{"sync"}, append(args, "--config", file)...)...)
	var out, faults bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &faults
	if err := cmd.Run(); err != nil {
		var ended *exec.ExitError
		require.ErrorAs(t, err, &ended)
	}
	return out.String(), faults.String(), cmd.ProcessState.ExitCode()
}

// A run of adopt has one pace, for the reading and all adoptions.
func TestAdoptionsAreHeldUp(t *testing.T) {
	ctx, end := context.WithTimeout(t.Context(), time.Hour)
	defer end()
	flags := &syncFlags{together: 2, qps: 0.0001} // the second would be after the hour
	run := adopting{syncRun: &syncRun{flags: flags, pace: flags.pace()}}
	var begun atomic.Int32
	run.each(ctx, 5, func(int) { begun.Add(1) })
	require.EqualValues(t, 1, begun.Load())
	run.each(ctx, 5, func(int) { begun.Add(1) })
	require.EqualValues(t, 1, begun.Load(), "the first one is none again")
}

// lived is all that a user has in Gitea, less what a sign-in there changes and
// the login name.
func (a giteaAdmin) lived(t testing.TB, name string) string {
	t.Helper()
	user := a.user(t, name)
	delete(user, "login_name")
	delete(user, "last_login")
	all := []any{user}
	for _, path := range []string{"/users/" + name + "/repos", "/users/" + name + "/tokens", "/users/" + name + "/keys", "/users/" + name + "/orgs"} {
		status, text := a.send(t, http.MethodGet, path, nil)
		require.Equal(t, http.StatusOK, status)
		var listed []map[string]any
		require.NoError(t, json.Unmarshal(text, &listed))
		for _, l := range listed {
			delete(l, "last_used_at")
			delete(l, "updated_at")
		}
		all = append(all, listed)
	}
	text, err := json.MarshalIndent(all, "", " ")
	require.NoError(t, err)
	return string(text)
}

// signsIn reports whether Gitea lets the person in by that password.
func (a giteaAdmin) signsIn(t testing.TB, p person, password string) bool {
	t.Helper()
	return giteaStatus(t, a.site.Gitea.URL+"/api/v1/user", func(r *http.Request) { r.SetBasicAuth(p.name, password) }) == http.StatusOK
}

// TestPeopleOfGiteaAreAdoptedAndReleased: people who were in Gitea first sign in
// by the password that they have there, have all three tokens, and are given back
// with all they had.
func TestPeopleOfGiteaAreAdoptedAndReleased(t *testing.T) {
	for _, driver := range databases {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, driver)
			api, admin := site.start(t), giteaAdmin{site}
			alice, bob := newPerson(), newPerson()
			alice.password = "a longer Gitea password, 1"
			for _, p := range []person{alice, bob} {
				admin.create(t, p)
				status, _ := admin.send(t, http.MethodPost, "/admin/users/"+p.name+"/repos", map[string]string{"name": "work"})
				require.Equal(t, http.StatusCreated, status)
			}
			before := admin.lived(t, alice.name)
			untouched := admin.user(t, bob.name)

			_, faults, exit := site.sync(t, "adopt", "--gitea", "--match", strings.ToUpper(alice.name))
			require.Equal(t, 2, exit, faults)
			require.Equal(t, before, admin.lived(t, alice.name))
			require.Equal(t, "Account.VerifyError", signInCode(t, api, alice))

			out, faults, exit := site.sync(t, "adopt", "--gitea", "--match", alice.name, "--apply")
			require.Zero(t, exit, faults)
			require.Contains(t, out, "1 adopted, 0 failed, 0 not begun")
			require.Equal(t, before, admin.lived(t, alice.name), "nothing of it changes")
			require.Regexp(t, `^accord:\d{14}:adopted$`, admin.user(t, alice.name)["login_name"])
			require.Empty(t, cmp.Diff(untouched, admin.user(t, bob.name)))
			out, faults, exit = site.sync(t, "--account", alice.name)
			require.Zero(t, exit, out+faults)

			wrong := alice
			wrong.password = "not-the-password1"
			require.Equal(t, "Account.VerifyError", signInCode(t, api, wrong))
			first := api.signIn(t, alice)
			first.alive(t, site.Gitea.URL)
			first.push(t, site.Gitea.URL, alice)

			// By now the password is known here, too.
			status, _ := admin.send(t, http.MethodPatch, "/admin/users/"+alice.name, map[string]any{
				"login_name": admin.user(t, alice.name)["login_name"], "password": "another-Password1",
			})
			require.Equal(t, http.StatusOK, status)
			second := api.signIn(t, alice)
			second.alive(t, site.Gitea.URL)
			status, _ = admin.send(t, http.MethodPatch, "/admin/users/"+alice.name, map[string]any{
				"login_name": admin.user(t, alice.name)["login_name"], "password": alice.password,
			})
			require.Equal(t, http.StatusOK, status)

			// Objects are not lost by the way.
			_, faults, exit = site.sync(t, "release", alice.name)
			require.Equal(t, 1, exit)
			require.Contains(t, faults, "has objects in storage")
			_, _, exit = site.sync(t, "release", alice.name, "--apply")
			require.Equal(t, 1, exit)
			first.alive(t, site.Gitea.URL)

			out, faults, exit = site.sync(t, "release", alice.name, "--delete-objects", "--apply")
			require.Zero(t, exit, faults)
			require.Regexp(t, `^released `+alice.name+` \(\d{14}\), saga \S+\n$`, out)
			first.dead(t, site.Gitea.URL)
			second.dead(t, site.Gitea.URL)
			require.True(t, admin.signsIn(t, alice, alice.password))
			require.Equal(t, alice.name, admin.user(t, alice.name)["login_name"])
			status, _ = admin.send(t, http.MethodDelete, fmt.Sprintf("/repos/%s/hello", alice.name), nil)
			require.Equal(t, http.StatusNoContent, status, "what was made since is there as well")
			require.Equal(t, before, admin.lived(t, alice.name))
			require.Equal(t, "Account.VerifyError", signInCode(t, api, alice))

			adoptAgainAndDelete(t, site, api, alice, before)
		})
	}
}

// adoptAgainAndDelete: a deletion by the person herself leaves the Gitea user, too.
func adoptAgainAndDelete(t *testing.T, site site, api client, alice person, before string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users")
	require.NoError(t, os.WriteFile(file, []byte("# people\n"+alice.name+" # first\n\n"), 0o600))
	_, faults, exit := site.sync(t, "adopt", "--gitea", "--users", file, "--apply")
	require.Zero(t, exit, faults)
	in := api.signIn(t, alice)
	in.alive(t, site.Gitea.URL)
	require.Contains(t, site.done(t, "delete", alice.name), "its Gitea user stays")
	site.done(t, "delete", alice.name, "--apply", "--now")
	in.dead(t, site.Gitea.URL)
	admin := giteaAdmin{site}
	require.Equal(t, before, admin.lived(t, alice.name))
	require.True(t, admin.signsIn(t, alice, alice.password))
}
