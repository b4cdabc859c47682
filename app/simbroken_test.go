package app_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// broken is a defect that the simulation has to find: in a file, one text
// stands in place of another, as long as BROKEN is true.
type broken struct {
	name  string
	edits []edit
}

type edit struct{ file, sound, broken string }

// brokenEnv names the defect that the broken binary has.
const brokenEnv = "ACCORD_SIM_BROKEN"

// simOfTeams are the defects that only people who leave an organization at once
// meet, which few schedules have them do.
var simOfTeams = []string{"deletions of several owners take no turns"}

// simEnough is how many schedules may pass before a defect is found.
const simEnough = 10_000

// unless makes an edit that takes a condition out, or adds one: BROKEN stands
// for "this defect is wanted".
func unless(file, sound, broken string) []edit { return []edit{{file, sound, broken}} }

var simBroken = []broken{
	{"undo skipped for an unknown outcome", unless("saga/rules.go",
		"return status == Started || status == Done || status == Unknown", "return status == Done || !BROKEN && (status == Started || status == Unknown)")},
	{"a lost reply is taken for a refusal", unless("saga/rules.go",
		"if o.step.local || IsRefused(o.err) {", "if o.step.local || IsRefused(o.err) || BROKEN {")},
	{"no fencing", unless("saga/sagatest/journal.go",
		"if stored.Epoch != epoch {", "if stored.Epoch != epoch && !BROKEN {")},
	{"pivot undone", unless("saga/rules.go",
		"case o.step.kind == Pivot && status == Unknown:", "case o.step.kind == Pivot && status == Unknown && !BROKEN:")},
	{"started is not recorded before Do", unless("saga/rules.go",
		"status == \"\" || status == RefusedStep {", "(status == \"\" || status == RefusedStep) && !BROKEN {")},
	{"absent is believed at once", unless("saga/rules.go",
		"status == UndoneUnsettled || status == DoneUnsettled {", "(status == UndoneUnsettled || status == DoneUnsettled) && !BROKEN {")},
	{"a late request is not waited for after the end", unless("saga/rules.go",
		"if settleTime(sh, r) > 0 {\n", "if settleTime(sh, r) > 0 && !BROKEN {\n")},
	{"no semantic lock", unless("saga/sagatest/journal.go",
		"if j.held(subject) ||", "if j.held(subject) && !BROKEN ||")},
	{"no credential epoch", []edit{
		{"adapters/memory/sessions.go", "a.CredentialEpoch != row.CredentialEpoch {", "a.CredentialEpoch != row.CredentialEpoch && !BROKEN {"},
		{"adapters/memory/accounts.go", "a.CredentialEpoch != epoch ||", "a.CredentialEpoch != epoch && !BROKEN ||"},
	}},
	{"recovery goes back after the pivot", unless("saga/rules.go",
		"case r.Steps[sh.pivot().name] == Started:", "case r.Steps[sh.pivot().name] == Started && !BROKEN:")},
	{"the undo goes by the name and ignores the mark", []edit{
		{"adapters/memory/directory.go", "case e == nil || accountID == \"\" || e.Mark != accountID:", "case e == nil || accountID == \"\" || e.Mark != accountID && !BROKEN:"},
		{
			"app/register.go", "\t\tif err != nil || len(users) == 0 {\n",
			"\t\tif BROKEN {\n\t\t\treturn s.Directory.RemoveUser(ctx, r.Account.Username, r.Account.ID)\n\t\t}\n\t\tif err != nil || len(users) == 0 {\n",
		},
	}},
	{"whom the storage forgot is believed to be gone", unless("adapters/memory/storage.go",
		"\tdelete(s.users, key)\n", "\tif !BROKEN || !s.users[key].forgotten {\n\t\tdelete(s.users, key)\n\t}\n")},
	{"the state is kept after the end", []edit{
		{"saga/rules.go", "r.State, r.Owner, r.Due, r.Stuck = nil,", "r.State, r.Owner, r.Due, r.Stuck = map[bool][]byte{true: r.State}[BROKEN],"},
		{"saga/sagatest/journal.go", "\tif r.Phase.Ended() {\n", "\tif r.Phase.Ended() && !BROKEN {\n"},
	}},
	{"orphans are not claimed", unless("saga/sagatest/journal.go",
		"!r.Stuck && !r.Due.After(now) {", "!r.Stuck && !r.Due.After(now) && (r.Owner == \"\" || !BROKEN) {")},
	{"two claim one epoch", unless("saga/sagatest/journal.go",
		"r.Epoch+1, owner, until, now\n", "r.Epoch+map[bool]int64{false: 1}[BROKEN], owner, until, now\n")},
	{"detached steps are dropped", unless("saga/shape.go",
		"detached = append(detached, one)", "if !BROKEN {\n\t\t\t\t\tdetached = append(detached, one)\n\t\t\t\t}")},
	{"success is answered before the pivot", unless("saga/rules.go",
		"return r.Phase == Committed || r.Phase == Lingering ||", "return r.Phase == Committed || BROKEN && r.Phase == Running || r.Phase == Lingering ||")},
	{"a write whose answer was lost is not asked after", unless("saga/write.go",
		"case happened:\n\t\t\t\treturn nil", "case happened && !BROKEN:\n\t\t\t\treturn nil")},
	{"codes are not given back", unless("app/reset.go",
		"return s.Codes.GiveBack(ctx, r.Code)", "if BROKEN {\n\t\t\t\t\treturn nil\n\t\t\t\t}\n\t\t\t\treturn s.Codes.GiveBack(ctx, r.Code)")},
	{"an abandoned sign-in keeps its credentials", unless("app/signin.go",
		"return s.Storage.Revoke(ctx, in.StorageKey, in.Session.ID, in.Grant.AccessKeyID)", "if BROKEN {\n\t\t\t\t\t\treturn nil\n\t\t\t\t\t}\n\t\t\t\t\treturn s.Storage.Revoke(ctx, in.StorageKey, in.Session.ID, in.Grant.AccessKeyID)")},
	{"pictures outlive a deletion", unless("app/delete.go",
		"return s.Files.RemovePictures(ctx, b.Account.ID)", "if BROKEN {\n\t\t\t\t\treturn nil\n\t\t\t\t}\n\t\t\t\treturn s.Files.RemovePictures(ctx, b.Account.ID)")},
	{"an undone change gives back a stale address", unless("app/email.go",
		"if err == nil && present.Email != a.Email {", "if err == nil && present.Email != a.Email && !BROKEN {")},
	{"an edit loses its picture", unless("app/edit.go",
		"if len(e.Picture) == 0 && e.New", "if !BROKEN && len(e.Picture) == 0 && e.New")},
	{"attributes are not changed back", unless("app/edit.go",
		"if e.OldMore != nil {", "if e.OldMore != nil && !BROKEN {")},
	{"an address that was given is not taken back", unless("app/manage_modify.go",
		"return s.takeEmail(ctx, e.Account.Ref(), e.Account.Email)", "return s.takeEmail(ctx, e.Account.Ref(), map[bool]string{true: e.Email, false: e.Account.Email}[BROKEN])")},
	{"a password is set and sessions go on", unless("app/manage_password.go",
		"s.resetInGitea(), s.resetHere(s.setResetPassword), s.endAfterReset(),",
		"s.resetInGitea(), s.resetHere(s.setResetPassword), saga.One(saga.Step[resettingPassword]{\n"+
			"\t\t\tName: \"end sessions\", Kind: saga.Retriable,\n"+
			"\t\t\tDo: func(ctx context.Context, r *resettingPassword) error {\n"+
			"\t\t\t\treturn s.endRemotely(ctx, r.Account, r.Ended[:map[bool]int{false: len(r.Ended)}[BROKEN]])\n\t\t\t},\n\t\t}),")},
	{"a role is not given", unless("app/manage_role.go",
		"return s.Roster.SetRole(ctx,", "if BROKEN {\n\t\t\t\t\treturn nil\n\t\t\t\t}\n\t\t\t\treturn s.Roster.SetRole(ctx,")},
	{"whoever is the last may go", []edit{
		{"app/delete.go", "return s.Roster.MayGo(ctx, d.Account.ID)", "if BROKEN {\n\t\treturn nil\n\t}\n\treturn s.Roster.MayGo(ctx, d.Account.ID)"},
		{"adapters/memory/leaving.go", "if err := db.mayGo(op, a); err != nil {", "if err := db.mayGo(op, a); err != nil && !BROKEN {"},
	}},
	{"deletions of several owners take no turns", unless("app/organizations.go",
		"\tall := make([]string, len(ids))\n", "\tif BROKEN {\n\t\treturn nil\n\t}\n\tall := make([]string, len(ids))\n")},
	{"an owner who leaves counts as one", []edit{
		{"app/organizations.go", "if !o.LetIn {", "if !o.LetIn && !BROKEN {"},
		{"app/organizations.go", "case account.MaySignIn():", "case account.MaySignIn() || BROKEN:"},
	}},
	{"the last owner is deleted", unless("app/organizations.go",
		"if err != nil || len(last) == 0 {", "if err != nil || len(last) == 0 || BROKEN {")},
	{"organizations go with who is purged", []edit{
		{"app/organizations.go", "return saga.Refused(lastOwner(last))", "if BROKEN {\n\t\treturn nil\n\t}\n\treturn saga.Refused(lastOwner(last))"},
		{"app/adopted.go", "if err := s.leaveOrganizations(ctx, b.Account); err != nil {", "if err := s.leaveOrganizations(ctx, b.Account); err != nil && !BROKEN {"},
		{"adapters/memory/directory_belongings.go", "if len(o.members) > 1 {", "if len(o.members) > 1 && !BROKEN {"},
	}},
	{"whoever is the last may lose his role", unless("adapters/memory/roster.go",
		"if err := r.db.mayGo(op, *a); err != nil {", "if err := r.db.mayGo(op, *a); err != nil && !BROKEN {")},
	{"an eviction lets nobody in again", unless("app/evict_flow.go",
		"if !closing {", "if !closing || !shut && BROKEN {")},
	{"an eviction ends nothing in Gitea", unless("app/evict_flow.go", "if into.Clean {", "if into.Clean || BROKEN {")},
	{"an undone suspension lets nobody in", unless("app/doors.go",
		"if was != Normal {", "if was != Normal || BROKEN {")},
	{"an undone suspension keeps its grant", unless("app/suspend.go",
		"return s.Storage.Revoke(ctx, p.Account.StorageKey, p.Probe.ID, p.Grant.AccessKeyID)", "if BROKEN {\n\t\t\t\t\treturn nil\n\t\t\t\t}\n"+
			"\t\t\t\treturn s.Storage.Revoke(ctx, p.Account.StorageKey, p.Probe.ID, p.Grant.AccessKeyID)")},
	{"a refused question takes the token for unmade", unless("app/suspend.go",
		"Err: errors.New(err.Error())}", "Err: map[bool]error{true: err, false: errors.New(err.Error())}[BROKEN]}")},
	{"what Gitea is told once more is not undone", unless("app/suspend.go",
		"if err != nil || p.Was != Normal {", "if err != nil || p.Was != Normal || BROKEN {")},
	{"who was suspended comes back let in", unless("app/restore.go",
		"r.To = before\n", "r.To = map[bool]Status{true: Normal, false: before}[BROKEN]\n")},
	{"addresses are taken before the pivot", unless("app/freeing.go",
		"if pending = secondOf(err) != nil; pending {\n", "if secondOf(err) != nil && BROKEN {\n\t\treturn false, s.takeEmail(ctx, ref, email)\n\t}\n\tif pending = secondOf(err) != nil; pending {\n")},
	{"invitations are not given back", unless("app/register.go",
		"if r.InviteID != 0 {", "if r.InviteID != 0 && !BROKEN {")},
	{"a sign-in's code is not given back", unless("app/signin.go",
		"return s.Codes.GiveBack(ctx, in.Code)", "if BROKEN {\n\t\t\t\t\treturn nil\n\t\t\t\t}\n\t\t\t\treturn s.Codes.GiveBack(ctx, in.Code)")},
	{"a newcomer's codes are not given back", unless("app/register.go",
		"if err := s.Codes.GiveBack(ctx, code); err != nil {", "if err := s.Codes.GiveBack(ctx, code); err != nil || BROKEN {")},
}

// Every defect is found, and the same binary without one finds none.
func TestSimulationBites(t *testing.T) {
	binary := brokenBinary(t)
	report := runBroken(t, binary, "", 500)
	require.Contains(t, report, "PASS", "%s", report)
	for _, b := range simBroken {
		t.Run(b.name, func(t *testing.T) {
			report := runBroken(t, binary, b.name, simEnough)
			found := caught.FindStringSubmatch(report)
			require.NotEmpty(t, found, "not found in %d schedules: %s", simEnough, tail(report))
			t.Logf("after %s schedules: %s", found[1], found[2])
		})
	}
}

var caught = regexp.MustCompile(`seed (\d+): ([^:\n]+)`)

func tail(text string) string { return text[max(0, len(text)-2000):] }

func runBroken(t *testing.T, binary, name string, schedules int) string {
	t.Helper()
	run := exec.CommandContext(t.Context(), binary, "-test.run=^TestSimulation$", "-test.v")
	run.Env = append(os.Environ(), simEnvSeed+"=1", simEnvCount+"="+fmt.Sprint(schedules), simEnvFirst+"=1", brokenEnv+"="+name)
	if slices.Contains(simOfTeams, name) {
		run.Env = append(run.Env, simEnvTeams+"=1")
	}
	out, err := run.CombinedOutput()
	require.Equal(t, name == "", err == nil, "%s: %v", name, err)
	return string(out)
}

// brokenBinary builds these tests with every defect in, each waiting for its
// name in the environment. The tree itself is not touched.
func brokenBinary(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	texts, packages := map[string]string{}, map[string]string{}
	for _, b := range simBroken {
		for _, e := range b.edits {
			if _, read := texts[e.file]; !read {
				data, err := os.ReadFile(filepath.Join(root, e.file))
				require.NoError(t, err)
				texts[e.file] = string(data)
			}
			require.Equal(t, 1, strings.Count(texts[e.file], e.sound), "%q has to be told once in %s how it breaks", e.sound, e.file)
			wanted := fmt.Sprintf("(broken == %q)", b.name)
			texts[e.file] = strings.Replace(texts[e.file], e.sound, strings.ReplaceAll(e.broken, "BROKEN", wanted), 1)
			packages[filepath.Dir(e.file)] = filepath.Base(filepath.Dir(e.file))
		}
	}
	for folder, name := range packages {
		texts[folder+"/broken.go"] = fmt.Sprintf("package %s\n\nimport \"os\"\n\nvar broken = os.Getenv(%q)\n", name, brokenEnv)
	}
	replace := map[string]string{}
	for file, text := range texts {
		place := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		require.NoError(t, os.WriteFile(place, []byte(text), 0o600))
		replace[filepath.Join(root, file)] = place
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600))
	binary := filepath.Join(dir, "broken.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", binary, "-overlay", filepath.Join(dir, "overlay.json"), ".")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return binary
}
