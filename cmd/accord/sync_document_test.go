package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/app/reconcile"
)

// aPlan has a value in each of its fields.
func aPlan() reconcile.Plan {
	profile := app.DirectoryProfile{FullName: "Alice", Description: "d", Website: "https://example.com", Location: "here"}
	item := reconcile.Item{
		System: reconcile.Gitea, Kinds: []reconcile.Kind{reconcile.Name, reconcile.Status}, AccountID: "26030112000001", Username: "alice",
		Fields: []reconcile.Field{{Name: "name", Have: "malice", Want: "alice"}}, Tokens: []string{"accord-x"}, Removes: true, Protected: true,
		Facts: app.Facts{
			AccountID: "26030112000001", Username: "alice", Email: "alice@example.com", Profile: profile, Status: app.Paused, GiteaID: 7,
		},
		User: app.DirectoryView{
			ID: 7, Username: "malice", Email: "a@example.com", Mark: "26030112000001", Profile: profile,
			Adopted: true, Active: true, Admin: true, Restricted: true, External: true,
		},
		Storage: app.StorageView{Key: "acc26030112000001", Enabled: true, Home: true, Policies: "readwrite", Groups: "staff"},
	}
	other := reconcile.Item{System: reconcile.InStorage, Kinds: []reconcile.Kind{reconcile.Missing}, AccountID: "26030112000002", Username: "bob"}
	return reconcile.Plan{
		At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Systems: []reconcile.System{reconcile.Gitea, reconcile.InStorage}, Accounts: 2,
		Read: map[reconcile.System]int{reconcile.Gitea: 3}, Foreign: map[reconcile.System]int{reconcile.Gitea: 1},
		Items: []reconcile.Item{item, other}, Kept: []reconcile.Item{other}, Unsettled: []reconcile.Item{other},
		Pending:      []reconcile.PendingSaga{{ID: "saga", Flow: "edit", Phase: "running", AccountID: "26030112000001", Username: "alice", Stuck: true}},
		PendingTotal: 1, ForeignNames: []reconcile.Foreign{{System: reconcile.Gitea, Name: "root"}},
	}
}

var sitesOfTest = planSites{Gitea: "http://gitea.example.com", Storage: "http://storage.example.com", Bucket: "accord"}

// A saved plan is read back as what it was.
func TestASavedPlanIsWhatItWas(t *testing.T) {
	plan := aPlan()
	requireFull(t, reflect.ValueOf(plan.Items[0]), "Item")
	file := filepath.Join(t.TempDir(), "plan.json")
	require.NoError(t, os.WriteFile(file, []byte("a plan of before"), 0o644))
	before, err := os.Open(file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, before.Close()) })
	run := syncRun{flags: &syncFlags{out: file}, sites: sitesOfTest}
	require.NoError(t, run.save(plan))
	text, err := io.ReadAll(before)
	require.NoError(t, err)
	require.Equal(t, "a plan of before", string(text), "whoever reads the old one reads it whole")
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it names people")
	read, err := loadPlan(file, sitesOfTest)
	require.NoError(t, err)
	plan.Unsettled, plan.Pending, plan.PendingTotal, plan.ForeignNames = nil, nil, 0, nil // nothing to apply
	require.Equal(t, plan, read)

	run.flags.out = filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(file, run.flags.out))
	require.ErrorContains(t, run.save(plan), "something else than a file")
}

// requireFull holds where no field is left out, so that none can be lost unseen.
func requireFull(t *testing.T, v reflect.Value, name string) {
	t.Helper()
	for i := range v.NumField() {
		field := v.Type().Field(i).Name
		require.False(t, v.Field(i).IsZero(), "%s.%s is not tried", name, field)
		if v.Field(i).Kind() == reflect.Struct {
			requireFull(t, v.Field(i), name+"."+field)
		}
	}
}

func TestASavedPlanIsRefused(t *testing.T) {
	var text bytes.Buffer
	require.NoError(t, printPlanJSON(&text, aPlan(), sitesOfTest))
	elsewhere := sitesOfTest
	elsewhere.Bucket = "another"
	for name, c := range map[string]struct {
		from, to string
		sites    planSites
		says     string
	}{
		"what it rests on was changed": {`"email": "alice@example.com"`, `"email": "b@example.com"`, sitesOfTest, "changed since it was saved"},
		"a repair was added":           {`"missing"`, `"orphan"`, sitesOfTest, "changed since it was saved"},
		"more accounts":                {`"accounts": 2`, `"accounts": 2000`, sitesOfTest, "changed since it was saved"},
		"a field that nobody knows":    {`"version": 1,`, `"version": 1, "extra": 1,`, sitesOfTest, "no plan"},
		"another version":              {`"version": 1,`, `"version": 2,`, sitesOfTest, "a plan of version 2, this is version 1"},
		"cut short":                    {"\n}\n", "", sitesOfTest, "no plan"},
		"of other servers":             {"", "", elsewhere, "was made for other servers"},
	} {
		file := filepath.Join(t.TempDir(), "plan.json")
		changed := strings.Replace(text.String(), c.from, c.to, 1)
		require.NoError(t, os.WriteFile(file, []byte(changed), 0o600))
		_, err := loadPlan(file, c.sites)
		require.ErrorContains(t, err, c.says, name)
	}
	_, err := loadPlan(filepath.Join(t.TempDir(), "none.json"), sitesOfTest)
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Every field of the plan is in its description.
func TestThePlanIsDescribed(t *testing.T) {
	text, err := os.ReadFile("../../docs/sync.md")
	require.NoError(t, err)
	for _, part := range []any{
		planDocument{},
		planItem{},
		planField{},
		planSites{},
		planSaga{},
		planForeign{},
		planAccount{},
		planGiteaUser{},
		planStorageUser{},
		planProfile{},
		adoptionDocument{},
		adoptionCounts{},
		adoptionItem{},
		releaseView{},
	} {
		of := reflect.TypeOf(part)
		for i := range of.NumField() {
			name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			require.Contains(t, string(text), "`"+name+"`", of.Name())
		}
	}
	for _, kind := range reconcile.Kinds() {
		require.Contains(t, string(text), "`"+string(kind)+"`")
	}
}

// The table names every account that differs, on the line that tells how.
func TestTheTableNamesEverybody(t *testing.T) {
	plan, lines := aPlan(), 0
	var text bytes.Buffer
	require.NoError(t, printPlanTable(&text, plan, sitesOfTest))
	for _, says := range []string{`name: "malice", should be "alice"`, "made again", "saga  edit  running, stuck"} {
		for line := range strings.Lines(text.String()) {
			if strings.Contains(line, says) {
				lines++
				require.Regexp(t, `^(alice|bob) +\d{14} `, line)
			}
		}
	}
	require.Equal(t, 3, lines, text.String())
	require.Contains(t, text.String(), "\n1 repair for 1 account; 1 difference of protected accounts left as found\n")
}

// The last line counts the accounts that differ, not all.
func TestTheTableCountsWhatDiffers(t *testing.T) {
	plan := aPlan()
	plan.Accounts, plan.Items[0].Protected = 10_000, false
	plan.Items[1].AccountID = plan.Items[0].AccountID
	for _, says := range []string{
		"\n2 repairs for 1 account; users of 1 account would be removed or shut out\n",
		"\n1 repair for 1 account; users of 1 account would be removed or shut out\n",
		"\nin accord: 10000 accounts\n",
	} {
		var text bytes.Buffer
		require.NoError(t, printPlanTable(&text, plan, sitesOfTest))
		require.True(t, strings.HasSuffix(text.String(), says), text.String())
		plan.Items = plan.Items[:max(len(plan.Items)-1, 0)]
	}
}

// An orphan that is kept is not announced as one to be removed.
func TestTheTableTellsWhatIsKept(t *testing.T) {
	orphan := reconcile.Item{
		System: reconcile.Gitea, Kinds: []reconcile.Kind{reconcile.Orphan}, AccountID: "26030112000009", Username: "ghost",
		User: app.DirectoryView{ID: 9, Username: "ghost", Mark: "26030112000009"},
	}
	var text bytes.Buffer
	require.NoError(t, printPlanTable(&text, reconcile.Plan{Kept: []reconcile.Item{orphan}}, sitesOfTest))
	require.Contains(t, text.String(), "shut out, and kept")
	require.NotContains(t, text.String(), "removed")
}

// Nothing that a remote system says gives a terminal orders.
func TestTheTableIsPlainText(t *testing.T) {
	const order = "\x1b[2J\r"
	plan := aPlan()
	for n := range plan.Items {
		plan.Items[n].Username += order
		plan.Items[n].AccountID += order
	}
	plan.Pending[0].Username += order
	plan.Pending[0].AccountID += order
	plan.ForeignNames[0].Name += order
	var text bytes.Buffer
	require.NoError(t, printPlanTable(&text, plan, sitesOfTest))
	require.NotContains(t, text.String(), "\x1b")
	require.NotContains(t, text.String(), "\r")
	require.Contains(t, text.String(), "alice?[2J?")
	for _, line := range []string{
		tellResult(reconcile.Result{Item: plan.Items[0], Err: errors.New("it says " + order)}),
		tellResult(reconcile.Result{Item: plan.Items[0]}),
		adoptionItem{Username: "alice", Fault: "it says " + order}.line(),
	} {
		require.NotContains(t, line, "\x1b", line)
		require.Contains(t, line, "?[2J?", line)
	}
}

// Whoever finds a run under way learns where it runs.
func TestARunIsNamed(t *testing.T) {
	host, err := os.Hostname()
	require.NoError(t, err)
	owner := runOwner()
	require.Contains(t, owner, host[:min(len(host), maxHost)])
	require.Contains(t, owner, fmt.Sprintf("process %d,", os.Getpid()))
	require.NotEqual(t, owner, runOwner())
	require.LessOrEqual(t, len(owner), 128, "what the database takes")
}
