package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	miniogo "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/signer"
	"github.com/stretchr/testify/require"

	"accord/adapters/servers"
	"accord/app"
	"accord/app/reconcile"
	"accord/store"
)

// syncSite is a site on servers of its own: to a plan, users of another site
// would be orphans.
type syncSite struct {
	site
	api     client
	file    string
	gitea   giteaAdmin
	storage storageAdmin
}

func newSyncSite(t *testing.T, driver string) *syncSite {
	t.Helper()
	gitea, err := servers.StartGitea(t.Context(), servers.Options{Dir: filepath.Join(t.TempDir(), "gitea")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, gitea.Stop(context.Background())) })
	minio, err := servers.StartMinIO(t.Context(), servers.Options{Dir: filepath.Join(t.TempDir(), "minio")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, minio.Stop(context.Background())) })
	s := &syncSite{site: newSiteOn(t, driver, gitea, minio), file: filepath.Join(t.TempDir(), configFile)}
	s.Password.MemoryKiB, s.Password.Passes = 64, 1
	s.Storage.PublicEndpoint = s.Storage.Endpoint
	require.NoError(t, s.Write(s.file))
	s.api, s.gitea, s.storage = s.start(t), giteaAdmin{s.site}, storageAdmin{s.site}
	return s
}

// accord runs a command of the program, and requires its exit code.
func (s *syncSite) accord(t *testing.T, code int, args ...string) string {
	t.Helper()
	var out, faults bytes.Buffer
	cmd := s.command(t, args...)
	cmd.Stdout, cmd.Stderr = &out, &faults
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	require.Equal(t, code, cmd.ProcessState.ExitCode(), "accord %v said:\n%s%s", args, &out, &faults)
	return out.String() + faults.String()
}

func (s *syncSite) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(t.Context(), "accord", append(args, "--config", s.file)...)
}

// plan is the one of `accord sync`, which must exit so.
func (s *syncSite) plan(t *testing.T, code int, args ...string) planDocument {
	t.Helper()
	var d planDocument
	require.NoError(t, json.Unmarshal([]byte(s.accord(t, code, append([]string{"sync", "--output", "json"}, args...)...)), &d))
	return d
}

// storageAdmin works on the storage past Accord.
type storageAdmin struct{ site site }

func (a storageAdmin) send(t *testing.T, method, call string, query url.Values) {
	t.Helper()
	c := a.site.Config.Storage
	request, err := http.NewRequestWithContext(t.Context(), method, c.Endpoint+"/minio/admin/v3/"+call+"?"+query.Encode(), http.NoBody)
	require.NoError(t, err)
	empty := sha256.Sum256(nil)
	request.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(empty[:]))
	response, err := http.DefaultClient.Do(signer.SignV4(*request, c.AdminUser, c.AdminPassword.Reveal(), "", c.Region))
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", call, text)
}

func (a storageAdmin) remove(t *testing.T, key string) {
	t.Helper()
	a.send(t, http.MethodDelete, "remove-user", url.Values{"accessKey": {key}})
}

func (a storageAdmin) status(t *testing.T, key, status string) {
	t.Helper()
	a.send(t, http.MethodPut, "set-user-status", url.Values{"accessKey": {key}, "status": {status}})
}

func (a storageAdmin) policy(t *testing.T, key, policy string) {
	t.Helper()
	a.send(t, http.MethodPut, "set-user-or-group-policy", url.Values{"policyName": {policy}, "userOrGroup": {key}, "isGroup": {"false"}})
}

// edit changes a user of Gitea by its administrators' interface.
func (a giteaAdmin) edit(t *testing.T, name string, fields map[string]any) {
	t.Helper()
	body := map[string]any{"login_name": a.user(t, name)["login_name"], "source_id": 0}
	for field, value := range fields {
		body[field] = value
	}
	status, text := a.send(t, http.MethodPatch, "/admin/users/"+name, body)
	require.Equal(t, http.StatusOK, status, string(text))
}

func (a giteaAdmin) rename(t *testing.T, name, to string) {
	t.Helper()
	status, text := a.send(t, http.MethodPost, "/admin/users/"+name+"/rename", map[string]any{"new_username": to})
	require.Equal(t, http.StatusNoContent, status, string(text))
}

func (a giteaAdmin) remove(t *testing.T, name string) {
	t.Helper()
	status, text := a.send(t, http.MethodDelete, "/admin/users/"+name+"?purge=true", nil)
	require.Equal(t, http.StatusNoContent, status, string(text))
}

// addAddress adds an address to the person's Gitea user, as the person can with
// the password and without a proof.
func (a giteaAdmin) addAddress(t *testing.T, p person, address string) {
	t.Helper()
	text, err := json.Marshal(map[string]any{"emails": []string{address}})
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.site.Config.Gitea.URL+"/api/v1/user/emails", bytes.NewReader(text))
	require.NoError(t, err)
	request.SetBasicAuth(p.name, p.password)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusCreated, response.StatusCode)
}

// takes reports whether Gitea takes the person's password.
func (a giteaAdmin) takes(t *testing.T, p person) bool {
	t.Helper()
	return giteaStatus(t, a.site.Gitea.URL+"/api/v1/user", func(r *http.Request) { r.SetBasicAuth(p.name, p.password) }) == http.StatusOK
}

// victim is a person whose users are damaged.
type victim struct {
	person
	id, key string
	// session is of before.
	session session
}

func (s *syncSite) join(t *testing.T, name string) victim {
	t.Helper()
	v := victim{person: person{name: name, email: name + "@example.com", password: "1qazxsw2"}}
	registered, err := s.api.register(v.person)
	require.NoError(t, err)
	require.Equal(t, "General.Success", registered.Code)
	v.session = s.api.signIn(t, v.person)
	v.id, v.key = v.session.AccountID, app.StorageKeyOf(v.session.AccountID)
	return v
}

// harm is one way of damaging what is a person's.
type harm struct {
	do func(t *testing.T, s *syncSite, v victim)
	// differs is what a plan says of the person then: SYSTEM KINDS.
	differs []string
	// renewed: Gitea has another user since, whose password is to be healed, or the
	// storage has; what the person had before is dead.
	renewed bool
	// lost: the person has no account any more; out: may not sign in.
	lost, out bool
}

// harms are every way in which `accord sync` knows the systems to differ, each
// by the name of the person that it is done to.
func harms() map[string]harm {
	inGitea := func(fields map[string]any) func(*testing.T, *syncSite, victim) {
		return func(t *testing.T, s *syncSite, v victim) { s.gitea.edit(t, v.name, fields) }
	}
	return map[string]harm{
		"gone-gitea": {differs: []string{"gitea missing"}, renewed: true, do: func(t *testing.T, s *syncSite, v victim) {
			s.gitea.remove(t, v.name)
		}},
		"gone-storage": {differs: []string{"storage missing"}, renewed: true, do: func(t *testing.T, s *syncSite, v victim) {
			s.storage.remove(t, v.key)
		}},
		"gone-both": {differs: []string{"gitea missing", "storage missing"}, renewed: true, do: func(t *testing.T, s *syncSite, v victim) {
			s.gitea.remove(t, v.name)
			s.storage.remove(t, v.key)
		}},
		"again-gitea": {differs: []string{"gitea number+profile"}, renewed: true, do: func(t *testing.T, s *syncSite, v victim) {
			s.gitea.remove(t, v.name)
			status, text := s.gitea.send(t, http.MethodPost, "/admin/users", map[string]any{
				"username": v.name, "email": v.email, "password": "by-Hand-1qaz", "login_name": "accord:" + v.id,
				"full_name": "by hand", "must_change_password": false,
			})
			require.Equal(t, http.StatusCreated, status, string(text))
		}},
		"unmarked": {differs: []string{"gitea mark"}, do: inGitea(map[string]any{"login_name": "by-hand"})},
		"renamed": {differs: []string{"gitea name"}, do: func(t *testing.T, s *syncSite, v victim) {
			s.gitea.rename(t, v.name, "another-name")
		}},
		"swapped-one": {differs: []string{"gitea name+address"}, do: func(t *testing.T, s *syncSite, v victim) {
			const other, otherEmail = "swapped-two", "swapped-two@example.com"
			s.gitea.edit(t, v.name, map[string]any{"email": "away@example.com"})
			s.gitea.edit(t, other, map[string]any{"email": v.email})
			s.gitea.edit(t, v.name, map[string]any{"email": otherEmail})
			s.gitea.rename(t, v.name, "away")
			s.gitea.rename(t, other, v.name)
			s.gitea.rename(t, "away", other)
		}},
		"swapped-two": {differs: []string{"gitea name+address"}, do: func(*testing.T, *syncSite, victim) {}}, // by swapped-one's
		"moved":       {differs: []string{"gitea address"}, do: inGitea(map[string]any{"email": "elsewhere@example.com"})},
		"profiled": {differs: []string{"gitea profile"}, do: inGitea(map[string]any{
			"full_name": "Somebody", "description": "d", "website": "https://example.com", "location": "there",
		})},
		"prohibited":  {differs: []string{"gitea status"}, do: inGitea(map[string]any{"prohibit_login": true})},
		"deactivated": {differs: []string{"gitea status"}, do: inGitea(map[string]any{"active": false})},
		"everything": {differs: []string{"gitea name+address+profile+status", "storage policy+status"}, do: func(t *testing.T, s *syncSite, v victim) {
			s.gitea.edit(t, v.name, map[string]any{"email": "all@example.com", "location": "all", "prohibit_login": true})
			s.gitea.rename(t, v.name, "all-at-once")
			s.storage.policy(t, v.key, "diagnostics")
			s.storage.status(t, v.key, "disabled")
		}},
		"let-in": {differs: []string{"gitea status", "storage policy+status"}, out: true, do: func(t *testing.T, s *syncSite, v victim) {
			s.accord(t, 0, "account", "lock", v.name)
			s.gitea.edit(t, v.name, map[string]any{"prohibit_login": false})
			s.storage.status(t, v.key, "enabled")
			s.storage.policy(t, v.key, "readwrite")
		}},
		"disabled": {differs: []string{"storage status"}, do: func(t *testing.T, s *syncSite, v victim) {
			s.storage.status(t, v.key, "disabled")
		}},
		"privileged": {differs: []string{"storage policy"}, do: func(t *testing.T, s *syncSite, v victim) {
			s.storage.policy(t, v.key, "readwrite")
		}},
		"again-storage": {differs: []string{"storage policy"}, renewed: true, do: func(t *testing.T, s *syncSite, v victim) {
			s.storage.remove(t, v.key)
			require.NoError(t, newForeignStorageUser(t, s.site, v.key, "a-secret-by-hand"))
			s.storage.policy(t, v.key, "readwrite")
		}},
		"unprivileged": {differs: []string{"storage policy"}, do: func(t *testing.T, s *syncSite, v victim) {
			s.storage.policy(t, v.key, "diagnostics")
		}},
		"tokens": {differs: []string{"gitea token"}, do: func(t *testing.T, s *syncSite, v victim) {
			status, text := s.gitea.send(t, http.MethodPost, "/users/"+v.name+"/tokens", map[string]any{
				"name": app.GiteaTokenPrefix + strings.Repeat("z", 26), "scopes": []string{"read:user"},
			})
			require.Equal(t, http.StatusCreated, status, string(text))
		}},
		"squatter": {differs: []string{"gitea second-address"}, do: func(t *testing.T, s *syncSite, v victim) {
			s.gitea.addAddress(t, v.person, "unproved@example.com")
		}},
		"forgotten": {differs: []string{"gitea orphan", "storage orphan"}, lost: true, do: func(t *testing.T, s *syncSite, v victim) {
			s.forget(t, v)
		}},
		"forgotten-work": {differs: []string{"gitea orphan", "storage orphan"}, lost: true, do: func(t *testing.T, s *syncSite, v victim) {
			status, text := s.gitea.send(t, http.MethodPost, "/admin/users/"+v.name+"/repos", map[string]any{"name": "work", "auto_init": true})
			require.Equal(t, http.StatusCreated, status, string(text))
			s.forget(t, v)
		}},
	}
}

// forget takes the account out of the database, as one that was restored from an
// older copy would not have it.
func (s *syncSite) forget(t *testing.T, v victim) {
	t.Helper()
	driver := s.Database.Driver
	if driver == store.SQLite {
		driver = "sqlite"
	}
	db, err := sql.Open(driver, s.Database.DSN.Reveal())
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	if driver == "sqlite" {
		require.NoError(t, patient(t.Context(), db))
	}
	for _, query := range []string{"DELETE FROM sessions WHERE account_id = ?", "DELETE FROM accounts WHERE id = ?"} {
		_, err = db.ExecContext(t.Context(), query, v.id)
		require.NoError(t, err)
	}
}

// calm waits until nothing is going on and the systems are in accord.
func (s *syncSite) calm(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		var d planDocument
		text, err := s.command(t, "sync", "--output", "json").Output()
		return err == nil && json.Unmarshal(text, &d) == nil && d.PendingTotal == 0
	}, soon, 20*time.Millisecond)
}

// named is what a plan's items say: SYSTEM KINDS NAME.
func named(items []planItem) []string {
	lines := []string{}
	for _, i := range items {
		kinds := make([]string, len(i.Kinds))
		for n, k := range i.Kinds {
			kinds[n] = string(k)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", i.System, strings.Join(kinds, "+"), i.Username))
	}
	return lines
}

// Administrators damage the real servers in every way that a plan knows, by the
// servers' own tools; the plan names each, and one apply mends all of it. People
// who are not ours are neither named nor touched.
func TestSyncMendsRealServers(t *testing.T) {
	s := newSyncSite(t, store.SQLite)
	foreign := person{name: "foreigner", email: "foreigner@example.com", password: "1qazxsw2"}
	s.gitea.create(t, foreign)
	require.NoError(t, newForeignStorageUser(t, s.site, "foreigner", "a-secret-of-its-own"))
	foreignBefore := s.gitea.user(t, foreign.name)
	ways, people := harms(), map[string]victim{}
	for name := range ways {
		people[name] = s.join(t, name)
		require.NoError(t, people[name].session.put(t, people[name].session.Storage.Prefix, "hello.txt", "hello"))
	}
	s.calm(t)

	var want []string
	for name, way := range ways {
		way.do(t, s, people[name])
		for _, differs := range way.differs {
			want = append(want, differs+" "+name)
		}
	}
	d := s.plan(t, 2, "--out", filepath.Join(t.TempDir(), "plan.json"))
	require.ElementsMatch(t, want, named(d.Items))
	require.Empty(t, d.Unsettled)
	require.Equal(t, map[reconcile.System]int{reconcile.Gitea: 2, reconcile.InStorage: 1}, d.Foreign)
	require.Equal(t, 3, d.Removals)

	said := s.accord(t, 0, "sync", "apply", "--yes")
	require.Contains(t, said, fmt.Sprintf("%d mended, 1 shut out and kept, 0 protected, 0 failed, 0 not begun", len(want)-1))
	require.Contains(t, s.accord(t, 0, "sync", "apply"), "in accord", "there is nothing left to do")
	after := s.plan(t, 0)
	require.Equal(t, []string{"gitea orphan forgotten-work"}, named(after.Kept))

	for name, way := range ways {
		s.mended(t, way, people[name])
	}
	require.Equal(t, []string{"squatter@example.com"}, s.gitea.addresses(t, "squatter"))
	require.Equal(t, foreignBefore, s.gitea.user(t, foreign.name))
	require.True(t, s.gitea.takes(t, foreign))
	require.NoError(t, storagePut(t, s.site, "foreigner", "a-secret-of-its-own"))
	s.calm(t)
	trail := s.accord(t, 0, "audit", "list", "--account", "gone-gitea")
	require.Regexp(t, `remake in Gitea +committed +operator \(cli\)`, trail)
}

// mended requires that the person has on every system what is the person's.
func (s *syncSite) mended(t *testing.T, way harm, v victim) {
	t.Helper()
	switch {
	case way.lost:
		require.NotEqual(t, "General.Success", s.api.code(t, "login", "", map[string]string{"username": v.name, "password": v.password}))
		require.False(t, s.gitea.takes(t, v.person), v.name)
		return
	case way.out:
		v.session.dead(t, s.Gitea.URL)
		require.False(t, s.gitea.takes(t, v.person), v.name)
		return
	case !way.renewed:
		v.session.alive(t, s.Gitea.URL)
		require.True(t, s.gitea.takes(t, v.person), v.name)
	default:
		require.Equal(t, !strings.Contains(strings.Join(way.differs, ""), "gitea"), s.gitea.takes(t, v.person), "%s: nobody knows the password", v.name)
	}
	again := s.api.signIn(t, v.person)
	again.alive(t, s.Gitea.URL)
	require.Equal(t, "hello", again.hello(t), "objects stay")
	require.True(t, s.gitea.takes(t, v.person), "%s: healed", v.name)
}

// storagePut writes below the home of a user that is not ours.
func storagePut(t *testing.T, s site, key, secret string) error {
	t.Helper()
	_, err := storageAs(t, s, key, secret).PutObject(t.Context(), s.Storage.Bucket+"-"+key, key+"/mine", strings.NewReader(""), 0, miniogo.PutObjectOptions{})
	return err
}

// Marks that were moved between people are no reason to give the one what is the
// other's.
func TestSyncDecidesNoDispute(t *testing.T) {
	s := newSyncSite(t, store.SQLite)
	alice, bob := s.join(t, "alice"), s.join(t, "bob")
	s.calm(t)
	s.gitea.edit(t, "alice", map[string]any{"login_name": "accord:" + bob.id})
	s.gitea.edit(t, "bob", map[string]any{"login_name": "accord:" + alice.id})
	before := []any{s.gitea.user(t, "alice"), s.gitea.user(t, "bob")}
	said := s.accord(t, 1, "sync", "apply", "--yes")
	require.Contains(t, said, "0 mended, 0 shut out and kept, 0 protected, 2 failed")
	require.Equal(t, 2, strings.Count(said, app.ErrDisputed.Error()), said)
	require.Contains(t, s.accord(t, 1, "sync", "apply", "--yes", "--account", "alice"), app.ErrDisputed.Error())
	after := []any{s.gitea.user(t, "alice"), s.gitea.user(t, "bob")}
	require.Equal(t, before, after)

	for _, name := range []string{"alice", "bob"} {
		s.gitea.edit(t, name, map[string]any{"login_name": "by-hand"})
	}
	require.Contains(t, s.accord(t, 0, "sync", "apply", "--yes"), "2 mended")
	for _, v := range []victim{alice, bob} {
		v.session.alive(t, s.Gitea.URL)
		s.api.signIn(t, v.person).alive(t, s.Gitea.URL)
	}
	s.plan(t, 0)
}

// An apply that is stopped finishes what it has begun; another one goes on, also
// on MariaDB.
func TestSyncApplyIsStoppedAndGoesOn(t *testing.T) {
	s := newSyncSite(t, store.MySQL)
	var people []victim
	for n := range 4 {
		people = append(people, s.join(t, fmt.Sprintf("person%d", n)))
	}
	s.calm(t)
	for _, v := range people[1:] {
		s.storage.remove(t, v.key)
	}
	file := filepath.Join(t.TempDir(), "plan.json")
	s.plan(t, 2, "--out", file)

	// The first repair is begun at once, the next one would be after a minute.
	cmd := s.command(t, "sync", "apply", file, "--yes", "--qps", "0.016", "--concurrency", "1")
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var faults bytes.Buffer
	cmd.Stderr = &faults
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(output)
	require.True(t, lines.Scan(), &faults)
	require.Regexp(t, `^mended +person\d \(\d{14}\) storage: missing`, lines.Text())
	require.Contains(t, s.accord(t, 1, "sync", "apply", "--yes"), "another run is under way")
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.True(t, lines.Scan(), &faults)
	require.Equal(t, "1 mended, 0 shut out and kept, 0 protected, 0 failed, 2 not begun", lines.Text())
	require.Error(t, cmd.Wait())
	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	require.Contains(t, faults.String(), "stopped; run it again to go on")

	require.Contains(t, s.accord(t, 0, "sync", "apply", "--yes"), "2 mended")
	for _, v := range people {
		s.api.signIn(t, v.person).alive(t, s.Gitea.URL)
	}
	s.calm(t)
}
