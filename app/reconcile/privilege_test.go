package reconcile_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/app/reconcile"
)

// shown tells what a plan shows of accounts: NAME SYSTEM KIND FIELDS.
func shown(plan reconcile.Plan) []string {
	lines := []string{}
	for _, i := range plan.Items {
		line := i.Username + " " + string(i.System)
		for _, k := range i.Kinds {
			line += " " + string(k)
		}
		for _, f := range i.Fields {
			line += " " + f.Name + "=" + f.Have
		}
		lines = append(lines, line)
	}
	return lines
}

// Privilege that people have beside what an account gives is drift, by name; an
// operator takes it away, but for policies, which the repair replaces. Whoever
// protects an account knows of its privileges.
func TestPrivilegeIsDrift(t *testing.T) {
	s := newSite(t, t.TempDir())
	defer func() { require.NoError(t, s.store.Close()) }()
	alice, bob := s.register(t, "alice"), s.register(t, "bob")
	s.directory.Change("alice", func(e *memory.Entry) { e.Admin, e.Restricted = true, true })
	s.storage.Empower(alice.StorageKey, "diagnostics,readwrite", "")
	s.storage.Empower(bob.StorageKey, "", "admins,backup")
	plan := s.compare(t)
	require.Equal(t, []string{
		"alice gitea privilege site administrator=yes",
		"alice storage policy policy=diagnostics policy=readwrite",
		"bob storage privilege group=admins group=backup",
	}, shown(plan))
	tally, _ := s.apply(t, plan)
	require.Equal(t, reconcile.Tally{Mended: 1, Privileges: 2}, tally)
	require.Equal(t, []string{
		"alice gitea privilege site administrator=yes", "bob storage privilege group=admins group=backup",
	}, shown(s.compare(t)))

	s.options.Protected = []string{"alice", "bob"}
	require.True(t, s.compare(t).InAccord())
}

// Second addresses are drift without a flag, and no other credential goes with
// them; those of adopted users and of strangers are not.
func TestSecondAddressesAreDrift(t *testing.T) {
	s := newSite(t, t.TempDir())
	defer func() { require.NoError(t, s.store.Close()) }()
	alice := s.register(t, "alice")
	s.register(t, "bob")
	s.register(t, "carol")
	token, err := s.directory.CreateToken(context.Background(), alice.Ref(), "ci")
	require.NoError(t, err)
	s.directory.AddEmails("alice", "victim@example.com", "more@example.com")
	s.directory.AddEmails("bob", "before@example.com")
	s.directory.Change("bob", func(e *memory.Entry) { e.Adopted = true })
	s.directory.Change("carol", func(e *memory.Entry) { e.Emails = append([]string{"first@example.com"}, e.Emails...) })
	s.directory.Place(memory.Entry{Username: "mallory", Emails: []string{"mallory@example.com", "hers@example.com"}}, goodPassword)
	plan := s.compare(t)
	require.Equal(t, []string{
		"alice gitea second-address second address=victim@example.com second address=more@example.com",
		"carol gitea address address=first@example.com",
	}, shown(plan))
	s.options.AccountID = alice.ID
	require.Equal(t, shown(plan)[:1], shown(s.compare(t)))
	s.options.AccountID = ""

	tally, _ := s.apply(t, plan)
	require.Equal(t, reconcile.Tally{Mended: 2}, tally)
	require.True(t, s.compare(t).InAccord())
	require.Equal(t, "alice", s.directory.TokenOwner(token))
	for _, e := range s.directory.Entries() {
		want := map[string]int{"bob": 2, "mallory": 2}[e.Username]
		require.Len(t, e.Emails, max(1, want), e.Username)
	}
}

// Foreign credentials are drift only if they are asked for, and so are GPG keys.
func TestForeignCredentialsAreDrift(t *testing.T) {
	s := newSite(t, t.TempDir())
	defer func() { require.NoError(t, s.store.Close()) }()
	alice := s.register(t, "alice")
	in := s.signIn(t, "alice")
	_, err := s.directory.CreateToken(context.Background(), alice.Ref(), "ci")
	require.NoError(t, err)
	s.directory.AddCredential("alice", app.SSHKey, "laptop")
	s.directory.AddCredential("alice", app.GPGKey, "gpg")
	s.storage.AddAccessKey(alice.StorageKey, "lasting")
	require.True(t, s.compare(t).InAccord())
	for _, keys := range []bool{false, true} {
		s.options.Credentials = func(ctx context.Context, accountID string) ([]app.Credential, error) {
			return s.service.Evictable(ctx, accountID, keys)
		}
		want := []string{"alice gitea credential SSH key=laptop access token=ci", "alice storage credential storage access key=lasting"}
		if keys {
			want = []string{"alice gitea credential GPG key=gpg"}
		}
		plan := s.compare(t)
		require.Equal(t, want, shown(plan))
		tally, _ := s.apply(t, plan)
		require.Equal(t, reconcile.Tally{Mended: len(want)}, tally)
		require.True(t, s.compare(t).InAccord())
	}
	require.Equal(t, "alice", s.directory.TokenOwner(in.GiteaToken), "the session goes on")
}
