package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
	"accord/store"
)

func sealedColumns(t *testing.T, d *database) {
	reserved := newAccount(1, "bob", "bob@example.com")
	require.NoError(t, d.Accounts.Reserve(t.Context(), reserved))
	activated := normal(t, d, 2, "alice")
	for _, a := range []app.Account{reserved, activated} {
		var raw []byte
		require.NoError(t, d.raw.Get(&raw, "SELECT storage_secret FROM accounts WHERE id = ?", a.ID))
		require.NotEmpty(t, raw)
		require.NotContains(t, string(raw), a.StorageSecret.Reveal()[:10])
	}

	require.NoError(t, d.People.SetAttributes(t.Context(), activated.ID, app.Attributes{IDCard: "plain to see"}, at(0)))
	var attributes []byte
	require.NoError(t, d.raw.Get(&attributes, "SELECT attributes FROM accounts WHERE id = ?", activated.ID))
	require.NotEmpty(t, attributes)
	require.NotContains(t, string(attributes), "plain")

	state := func() (raw []byte) {
		require.NoError(t, d.raw.Get(&raw, "SELECT state FROM sagas"))
		return raw
	}
	r := running("saga")
	begin(t, d.Journal, r)
	begun := state()
	require.NotEmpty(t, begun)
	require.NotContains(t, string(begun), "plain")
	require.NoError(t, d.Journal.Append(t.Context(), r.ID, 1, writing(r, nothing)))
	require.NotEmpty(t, state())
	require.NotContains(t, string(state()), "plain")
	require.NotEqual(t, begun, state(), "the same state is sealed anew")
	r.Phase = saga.Committed
	require.NoError(t, d.Journal.Append(t.Context(), r.ID, 1, writing(r, nothing)))
	require.Empty(t, state())
}

func sealedOtherKey(t *testing.T, d *database) {
	a := normal(t, d, 1, "alice")
	s := opened(t, d, newSession("s", a))
	begin(t, d.Journal, running("saga"))
	other := openStore(t, store.Options{Driver: d.options.Driver, DSN: d.options.DSN, Sealer: NewSealer()})
	for name, read := range map[string]func() error{
		"id":      func() error { _, err := other.Accounts.ByID(t.Context(), a.ID); return err },
		"name":    func() error { _, err := other.Accounts.ByUsername(t.Context(), "alice"); return err },
		"session": func() error { _, _, err := other.Sessions.Live(t.Context(), s.ID, at(0)); return err },
		"saga":    func() error { _, err := other.Journal.Load(t.Context(), "saga"); return err },
	} {
		requireKind(t, app.Internal, read())
		require.NotErrorIs(t, read(), saga.ErrNotFound, name)
	}
}

func sealedPlace(t *testing.T, d *database) {
	a, b := normal(t, d, 1, "alice"), normal(t, d, 2, "bob")
	var raw []byte
	require.NoError(t, d.raw.Get(&raw, "SELECT storage_secret FROM accounts WHERE id = ?", a.ID))
	d.exec(t, "UPDATE accounts SET storage_secret = ? WHERE id = ?", raw, b.ID)
	_, err := d.Accounts.ByID(t.Context(), a.ID)
	require.NoError(t, err)
	_, err = d.Accounts.ByID(t.Context(), b.ID)
	requireKind(t, app.Internal, err)

	c, e := normal(t, d, 3, "carol"), normal(t, d, 4, "eve")
	require.NoError(t, d.People.SetAttributes(t.Context(), c.ID, app.Attributes{QQ: "10001"}, at(0)))
	require.NoError(t, d.raw.Get(&raw, "SELECT attributes FROM accounts WHERE id = ?", c.ID))
	d.exec(t, "UPDATE accounts SET attributes = ? WHERE id = ?", raw, e.ID)
	_, _, err = d.People.Hold(t.Context(), c.ID)
	require.NoError(t, err)
	_, _, err = d.People.Hold(t.Context(), e.ID)
	requireKind(t, app.Internal, err)
}

// journalUnreadable claims one saga behind many that another key sealed, or that
// are damaged.
func journalUnreadable(t *testing.T, d *database) {
	const many = 25
	other := openStore(t, store.Options{Driver: d.options.Driver, DSN: d.options.DSN, Sealer: NewSealer()})
	r := running("")
	for i := range many {
		r.ID, r.Subject = fmt.Sprintf("unreadable-%d", i), fmt.Sprintf("other-%d", i)
		r.Due = at(time.Duration(i%3-5) * time.Hour)
		begin(t, other.Journal, r)
	}
	damaged := running("damaged")
	damaged.Subject, damaged.Due = "another", at(-time.Hour)
	begin(t, d.Journal, damaged)
	d.exec(t, "UPDATE sagas SET steps = ? WHERE id = ?", "{", damaged.ID)
	begin(t, d.Journal, running("readable"))
	claimed, err := d.Journal.Claim(t.Context(), "two", at(time.Minute), at(time.Hour), 3)
	require.NoError(t, err)
	require.Len(t, claimed, 2)
	require.Equal(t, []string{"damaged", "readable"}, []string{claimed[0].ID, claimed[1].ID})
	require.Equal(t, map[string]saga.StepStatus{"(unreadable)": saga.Unknown}, claimed[0].Steps, "no runner takes it for new")
	kept, err := other.Journal.Load(t.Context(), r.ID)
	require.NoError(t, err)
	requireEqual(t, r, kept)

	listed, err := d.Archive.List(t.Context(), saga.Filter{}, saga.Page{Limit: saga.MaxPage})
	require.NoError(t, err, "an operator sees the others")
	require.Len(t, listed, many+2)
	seen, err := d.Archive.Find(t.Context(), damaged.ID)
	require.NoError(t, err)
	require.Equal(t, damaged.Flow, seen.Flow)
}
