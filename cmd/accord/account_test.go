package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/store"
)

// account runs `accord account` with those arguments as a process of its own.
func (s site) account(t testing.TB, args ...string) (stdout, stderr string, exit int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), configFile)
	require.NoError(t, s.Write(file))
	args = append([]string{"account"}, append(args, "--config", file)...)
	cmd := exec.CommandContext(t.Context(), "accord", args...)
	var out, faults bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &faults
	if err := cmd.Run(); err != nil {
		var ended *exec.ExitError
		require.ErrorAs(t, err, &ended)
	}
	return out.String(), faults.String(), cmd.ProcessState.ExitCode()
}

// TestAnOperatorRestoresADeletedAccount: beside a running server, the person
// has all of it back, on all three systems.
func TestAnOperatorRestoresADeletedAccount(t *testing.T) {
	for _, driver := range databases {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, driver)
			site.Deletion.Grace = time.Hour
			api, alice := site.start(t), newPerson()
			registered, err := api.register(alice)
			require.NoError(t, err)
			require.Equal(t, "General.Success", registered.Code)
			before := api.signIn(t, alice)
			before.push(t, site.Gitea.URL, alice)
			require.NoError(t, before.put(t, before.Storage.Prefix, "hello.txt", "hello"))

			_, stderr, exit := site.account(t, "restore", alice.name)
			require.Equal(t, 1, exit)
			require.Contains(t, stderr, "is not deleted, its status is normal: nothing to restore")

			require.Equal(t, "General.Success", api.code(t, "deleteUser", before.AccessToken, map[string]string{"password": alice.password}))
			signIn := map[string]string{"username": alice.name, "password": alice.password}
			require.Equal(t, "Account.VerifyError", api.code(t, "login", "", signIn))
			shown, _, _ := site.account(t, "show", alice.name)
			require.Regexp(t, `(?m)^status +leaving$`, shown)
			require.Regexp(t, `(?m)^leaving until +20\d\d-`, shown)

			stdout, stderr, exit := site.account(t, "restore", alice.name)
			require.Zero(t, exit, stderr)
			require.Empty(t, stderr)
			require.Regexp(t, `^restored `+alice.name+` \(`+before.AccountID+`\), saga \S+\n$`, stdout)

			before.dead(t, site.Gitea.URL)
			after := api.signIn(t, alice)
			after.alive(t, site.Gitea.URL)
			require.Equal(t, before.AccountID, after.AccountID)
			require.Equal(t, "hello", after.hello(t))
			remote := strings.Replace(site.Gitea.URL, "://", "://"+alice.name+":"+alice.password+"@", 1) + "/" + alice.name + "/hello.git"
			require.Contains(t, git(t, t.TempDir(), "ls-remote", remote), "refs/heads/main")
		})
	}
}

// TestARestoreWithoutGiteaSaysSo: and it can be done again afterwards, by the
// accountId and without a server.
func TestARestoreWithoutGiteaSaysSo(t *testing.T) {
	site := newSite(t, store.SQLite)
	site.Deletion.Grace = time.Hour
	server, alice := site.spawn(t), newPerson()
	registered, err := server.register(alice)
	require.NoError(t, err)
	require.Equal(t, "General.Success", registered.Code)
	s := server.signIn(t, alice)
	require.Equal(t, "General.Success", server.code(t, "deleteUser", s.AccessToken, map[string]string{"password": alice.password}))
	server.kill()

	away := site
	away.Gitea.URL = "http://localhost:1"
	stdout, stderr, exit := away.account(t, "restore", alice.name)
	require.Equal(t, 1, exit)
	require.Empty(t, stdout)
	require.Regexp(t, `^accord: `+alice.name+` \(`+s.AccountID+`\): not restored, Gitea did not take part; mend [^\n]+\n$`, stderr)
	require.NotContains(t, stderr, site.Gitea.AdminPassword.Reveal())

	stdout, stderr, exit = site.account(t, "restore", s.AccountID)
	require.Zero(t, exit, stderr)
	require.Contains(t, stdout, "restored "+alice.name)
	site.start(t).signIn(t, alice).alive(t, site.Gitea.URL)
}

// TestAnAccountIsShownWithoutSecrets in both forms.
func TestAnAccountIsShownWithoutSecrets(t *testing.T) {
	site := newSite(t, store.SQLite)
	alice := newPerson()
	registered, err := site.start(t).register(alice)
	require.NoError(t, err)
	require.Equal(t, "General.Success", registered.Code)

	table, stderr, exit := site.account(t, "show", strings.ToUpper(alice.name))
	require.Zero(t, exit, stderr)
	require.Regexp(t, `^account +\d{14}\nstatus +normal\nrole +user\nname +`+alice.name+`\ne-mail +`+alice.email+
		`\nmobile +-\ncreated +20\S+\nleaving until +-\nin the log +account=[0-9a-f]{16} typed=[0-9a-f]{16} typed=[0-9a-f]{16}\nprivileges +-\n$`, table)

	text, stderr, exit := site.account(t, "show", strings.Fields(table)[1], "--output", "json")
	require.Zero(t, exit, stderr)
	var shown map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &shown))
	require.Equal(t, alice.name, shown["username"])
	for _, printed := range []string{table, text} {
		require.NotContains(t, printed, "argon2")
	}
	require.Len(t, shown, 11, "nothing but what an operator needs: %s", text)
}

// TestAnOperatorMakesTheFirstSuperAdministrator: and cannot unmake the last one.
func TestAnOperatorMakesTheFirstSuperAdministrator(t *testing.T) {
	site := newSite(t, store.SQLite)
	server, alice := site.start(t), newPerson()
	registered, err := server.register(alice)
	require.NoError(t, err)
	require.Equal(t, "General.Success", registered.Code)

	stdout, stderr, exit := site.account(t, "role", alice.name, "super-administrator")
	require.Zero(t, exit, stderr)
	require.Regexp(t, `^`+alice.name+` \(\d{14}\): super-administrator, before user, saga \S+\nwarning: the address was never proved; .*\n$`, stdout)
	shown, _, _ := site.account(t, "show", alice.name)
	require.Regexp(t, `(?m)^role +super-administrator$`, shown)
	var actor, channel string
	row := site.database(t).QueryRowContext(t.Context(), "SELECT actor, channel FROM audit_entries WHERE action = 'set role'")
	require.NoError(t, row.Scan(&actor, &channel))
	require.Equal(t, []string{app.Operator, "cli"}, []string{actor, channel})

	stdout, stderr, exit = site.account(t, "role", alice.name, "user")
	require.Equal(t, 1, exit)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "it is the last super-administrator that may sign in; make another one first")
	s := server.signIn(t, alice)
	require.Equal(t, "General.Failure", server.code(t, "deleteUser", s.AccessToken, map[string]string{"password": alice.password}))
	s.alive(t, site.Gitea.URL)

	stdout, stderr, exit = site.account(t, "role", alice.name, "super-administrator", "--output", "json")
	require.Zero(t, exit, stderr)
	require.Contains(t, stdout, `"before": "super-administrator"`)
}

func TestAFailedRestoreSaysWhatToDo(t *testing.T) {
	alice := app.Account{ID: "26010100000001", Username: "alice"}
	for advice, err := range map[string]error{
		"not in a status for this":      &app.Error{Kind: app.NotFound},
		"try again in a minute":         &app.Error{Kind: app.Busy},
		"Gitea did not take part":       &app.Error{Kind: app.DirectoryFailed},
		"the storage did not take part": &app.Error{Kind: app.StorageFailed},
		"mend what `accord doctor`":     errors.New("disk full"),
		"account role USER super-admin": &app.Error{Kind: app.LastAdministrator},
		"not decided yet":               &app.Error{Kind: app.DirectoryFailed, Err: saga.ErrUndecided},
	} {
		require.ErrorContains(t, notDone(alice, "restored", saga.Receipt{ID: "s"}, err), advice)
	}
}

func TestAdministratorsWithoutRecoveryAreWarnedOf(t *testing.T) {
	proved := app.Account{Email: "a@example.com", EmailVerified: true}
	held := proved
	held.EmailHeld = true
	for says, tt := range map[string]struct {
		account app.Account
		role    app.Role
	}{
		"was never proved":              {app.Account{Email: "a@example.com"}, app.SuperAdministrator},
		"an administrator set":          {held, app.Administrator},
		"the account has no address: n": {app.Account{ID: "26010100000001", Email: "26010100000001@mobile.invalid"}, app.Administrator},
	} {
		require.Contains(t, recoveryWarning(tt.account, tt.role), says)
		require.Empty(t, recoveryWarning(tt.account, app.User))
	}
	require.Empty(t, recoveryWarning(proved, app.SuperAdministrator))
}

func TestAnAccountThatIsGoneIsNotRestored(t *testing.T) {
	require.ErrorContains(t, restorable(app.Account{ID: "26010100000001", Status: app.Deleted}), "removed for good")
}

// twoAccounts has one whose user name is the accountId of the other.
type twoAccounts struct{ app.Accounts }

func (twoAccounts) ByUsername(context.Context, string) (app.Account, error) {
	return app.Account{ID: "26010100000002", Username: "26010100000001"}, nil
}

func (twoAccounts) ByID(context.Context, string) (app.Account, error) {
	return app.Account{ID: "26010100000001", Username: "alice"}, nil
}

func TestNoAccountIsChosenOfTwo(t *testing.T) {
	_, err := findAccount(t.Context(), twoAccounts{}, "26010100000001")
	require.ErrorContains(t, err, "say 26010100000002 or alice")
}
