package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"accord/adapters/memory"
	"accord/app"
	"accord/app/reconcile"
)

// taken is what accounts have, by folded name or address.
type taken map[string]bool

func (c taken) NamesTaken(_ context.Context, names []string) (map[string]bool, error) {
	return c.of(names), nil
}

func (c taken) AddressesTaken(_ context.Context, addresses []string) (map[string]bool, error) {
	return c.of(addresses), nil
}

func (c taken) of(texts []string) map[string]bool {
	found := map[string]bool{}
	for _, text := range texts {
		if key := app.FoldKey(text); c[key] {
			found[key] = true
		}
	}
	return found
}

// adoptionSummary is NAME: OBSTACLE of each, those to be adopted without one.
func adoptionSummary(p reconcile.AdoptionPlan) []string {
	var lines []string
	for _, a := range slices.Concat(p.Adoptable, p.Refused) {
		lines = append(lines, fmt.Sprintf("%s: %s", a.Username, a.Obstacle))
	}
	return lines
}

// mixed is a Gitea with one user for each obstacle, and one without any.
func mixed() (*memory.Directory, taken) {
	d := memory.NewDirectory()
	for _, e := range []memory.Entry{
		{Username: "free", FullName: "F"},
		{Username: "ours", Mark: "26010100000001", Admin: true}, // the first that holds is told
		{Username: "admin", Admin: true, Restricted: true},
		{Username: "ldap", External: true},
		{Username: "inactive", Inactive: true},
		{Username: "prohibited", ShutOut: true},
		{Username: "restricted", Restricted: true},
		{Username: "second", SecondFactor: true},
		{Username: "login", OtherLogin: true},
		{Username: "Explore"},
		{Username: "Alice"},
		{Username: "address", Emails: []string{"no address"}},
		{Username: "mail", Emails: []string{"ALICE@example.com"}},
		{Username: "team", Organization: true, Emails: []string{}},
		{Username: "robot", Bot: true},
	} {
		if e.Emails == nil {
			e.Emails = []string{e.Username + "@example.net"}
		}
		d.Place(e, "password")
	}
	return d, taken{"alice": true, "alice@example.com": true}
}

func TestWhoIsAdopted(t *testing.T) {
	d, claims := mixed()
	everybody := []string{
		"free: ", "ours: ours", "admin: administrator", "ldap: external source", "inactive: inactive", "prohibited: prohibited",
		"restricted: restricted", "second: second factor", "login: login name", "Explore: name not allowed", "Alice: name taken",
		"address: address not allowed", "mail: address taken", "team: organization",
	}
	before := d.Entries()
	for name, c := range map[string]struct {
		choice reconcile.Choice
		want   []string
	}{
		"everybody":       {reconcile.Choice{}, everybody},
		"by glob":         {reconcile.Choice{Pattern: "[F-R]*E?"}, []string{"free: ", "prohibited: prohibited", "restricted: restricted"}},
		"by glob, a team": {reconcile.Choice{Pattern: "TE*"}, []string{"team: organization"}},
		"by name": {
			reconcile.Choice{Names: []string{"FREE", "free", "ours", "team", "Robot", "nobody"}},
			[]string{"free: ", "ours: ours", "team: organization", "Robot: no person", "nobody: absent"},
		},
		"nobody": {reconcile.Choice{Names: []string{}}, nil},
	} {
		c.choice.Most = 100
		plan, err := reconcile.PlanAdoption(t.Context(), d, claims, c.choice, unpaced)
		require.NoError(t, err, name)
		require.Equal(t, c.want, adoptionSummary(plan), name)
		require.Equal(t, 13, plan.Read)
	}
	require.Equal(t, before, d.Entries(), "nothing is changed")
}

// doubled is a Gitea whose database has let an address in twice.
type doubled struct{ *memory.Directory }

func (d doubled) EachCandidate(ctx context.Context, pace reconcile.Pace) iter.Seq2[app.DirectoryCandidate, error] {
	return func(yield func(app.DirectoryCandidate, error) bool) {
		for c, err := range d.Directory.EachCandidate(ctx, pace) {
			if c.Username == "inactive" {
				c.Email = "FREE@example.net"
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// An address counts as doubled also where the other user is not chosen.
func TestDoubledAddresses(t *testing.T) {
	d, claims := mixed()
	plan, err := reconcile.PlanAdoption(t.Context(), doubled{d}, claims, reconcile.Choice{Names: []string{"free"}, Most: 1}, unpaced)
	require.NoError(t, err)
	require.Equal(t, []string{"free: address doubled"}, adoptionSummary(plan))
}

func TestAdoptionsThatCannotBePlanned(t *testing.T) {
	d, claims := mixed()
	plan := func(d reconcile.AdoptionDirectory, c reconcile.Choice) error {
		_, err := reconcile.PlanAdoption(t.Context(), d, claims, c, unpaced)
		return err
	}
	require.ErrorIs(t, plan(d, reconcile.Choice{Pattern: "[", Most: 100}), path.ErrBadPattern)
	require.ErrorIs(t, plan(d, reconcile.Choice{Most: 12}), reconcile.ErrTooManyChosen)
	require.ErrorIs(t, plan(d, reconcile.Choice{Most: 13}), reconcile.ErrTooManyChosen, "with the team")
	require.ErrorIs(t, plan(d, reconcile.Choice{Names: []string{"a", "b"}, Most: 1}), reconcile.ErrTooManyChosen)
	require.ErrorIs(t, plan(memory.NewDirectory(), reconcile.Choice{Most: 1}), reconcile.ErrIncomplete)
	for _, call := range []string{"EachCandidate", "EachOrganization", "Exists"} {
		d.Inject(call, memory.Refuse)
		require.Equal(t, app.DirectoryFailed, app.KindOf(plan(d, reconcile.Choice{Names: []string{"nobody"}, Most: 9})), call)
	}
	stop := errors.New("stop")
	_, err := reconcile.PlanAdoption(t.Context(), d, claims, reconcile.Choice{Most: 99}, func(context.Context) error { return stop })
	require.ErrorIs(t, err, stop)
}

// Whoever is adopted is a plain person of Gitea who is nobody's, and everybody who
// is chosen is told of once.
func TestNobodyElseIsAdopted(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d, claims := memory.NewDirectory(), taken{}
		n := rapid.IntRange(1, 8).Draw(r, "users")
		chosen := 0
		for i := range n {
			rare := func(what string) bool { return rapid.IntRange(0, 7).Draw(r, what) == 0 }
			e := memory.Entry{
				Username: fmt.Sprintf("user%d", i), Emails: []string{fmt.Sprintf("u%d@example.com", i)},
				Admin: rare("admin"), Restricted: rare("restricted"), External: rare("external"), Inactive: rare("inactive"),
				ShutOut: rare("shut out"), SecondFactor: rare("second"), OtherLogin: rare("login"), Organization: rare("organization"),
			}
			if rare("mark") {
				e.Mark = fmt.Sprintf("2601010000000%d", i)
			}
			claims[e.Username], claims[e.Emails[0]] = rare("name"), rare("address")
			d.Place(e, "password")
			chosen++
		}
		plan, err := reconcile.PlanAdoption(context.Background(), d, claims, reconcile.Choice{Most: n}, unpaced)
		if errors.Is(err, reconcile.ErrIncomplete) { // organizations alone
			return
		}
		require.NoError(r, err)
		require.Len(r, adoptionSummary(plan), chosen)
		for _, a := range plan.Adoptable {
			at := slices.IndexFunc(d.Entries(), func(e memory.Entry) bool { return e.Username == a.Username })
			e := d.Entries()[at]
			require.False(r, e.Admin || e.Restricted || e.External || e.Inactive || e.ShutOut || e.SecondFactor || e.OtherLogin ||
				e.Organization || e.Mark != "" || claims[e.Username] || claims[e.Emails[0]])
		}
	})
}
