package keyring

import (
	"encoding/base64"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var day = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)

const life = 14 * 24 * time.Hour

// at is the ring as it is used at that time, read from its document.
func (r *Ring) at(t *testing.T, now time.Time) *Ring {
	t.Helper()
	next := parse(t, encode(t, r))
	next.now = func() time.Time { return now }
	return next
}

func rotate(t *testing.T, r *Ring, now, from time.Time) *Ring {
	t.Helper()
	next, err := r.Rotated(Rotation{Signing: true, Sealing: true, Now: now, ActiveFrom: from, TokenLife: life})
	require.NoError(t, err)
	return next
}

func seal(t *testing.T, r *Ring) []byte {
	t.Helper()
	sealed, err := r.Seal([]byte("kept"), []byte("place"))
	require.NoError(t, err)
	return sealed
}

func requireOpens(t *testing.T, r *Ring, sealed []byte) {
	t.Helper()
	plain, err := r.Open(sealed, []byte("place"))
	require.NoError(t, err)
	require.Equal(t, "kept", string(plain))
}

func states(r *Ring, now time.Time) (all []State) {
	for _, k := range r.Keys(now) {
		all = append(all, k.State)
	}
	return all
}

// TestARotationInTime goes from asking for it until the old keys are gone.
func TestARotationInTime(t *testing.T) {
	from := day.Add(2 * time.Minute)
	old := generate(t).at(t, day)
	r := rotate(t, old, day, from)
	oldKID, oldSeal := old.Keys(day)[0].ID, old.Keys(day)[1]
	newKID, newSeal := r.Keys(day)[1].ID, r.Keys(day)[3]

	before := r.at(t, from.Add(-time.Second))
	kid, _ := before.SigningKey(from.Add(-time.Second))
	require.Equal(t, oldKID, kid)
	require.Contains(t, before.VerificationKeys(day), newKID, "it is published before it signs")
	require.Empty(t, before.Stale())
	sealed := seal(t, before)
	require.Equal(t, oldSeal.Prefix(), sealed[:5])
	require.Equal(t, []State{Active, Pending, Active, Pending}, states(before, day))

	after := r.at(t, from)
	kid, _ = after.SigningKey(from)
	require.Equal(t, newKID, kid)
	requireOpens(t, after, sealed)
	require.Equal(t, newSeal.Prefix(), seal(t, after)[:5])
	requireOpens(t, before, seal(t, after))
	require.Equal(t, [][]byte{oldSeal.Prefix()}, after.Stale())
	require.Equal(t, []State{Retired, Active, Retired, Active}, states(after, from))
	end := from.Add(life + time.Second)
	require.Equal(t, end, after.Keys(from)[0].Until)
	require.Contains(t, after.VerificationKeys(end.Add(-time.Second)), oldKID)
	require.NotContains(t, after.VerificationKeys(end), oldKID)

	_, err := after.Without([]string{oldKID}, end.Add(-time.Second))
	require.ErrorContains(t, err, "still needed")
	_, err = after.Without([]string{newKID}, end)
	require.ErrorContains(t, err, "still needed")
	_, err = after.Without([]string{newSeal.ID}, end)
	require.ErrorContains(t, err, "still needed")
	_, err = before.Without([]string{newSeal.ID}, day)
	require.ErrorContains(t, err, "still needed")
	less, err := after.Without([]string{oldKID, oldSeal.ID, "unknown"}, end)
	require.NoError(t, err)
	less = less.at(t, end)
	require.Equal(t, []State{Active, Active}, states(less, end))
	_, err = less.Open(sealed, []byte("place"))
	require.Error(t, err)
	requireOpens(t, less, seal(t, after))
}

func TestAKeyThatWaitsHasNoSecondOne(t *testing.T) {
	r := rotate(t, generate(t), day, day.Add(time.Hour))
	for _, o := range []Rotation{{Signing: true}, {Sealing: true}} {
		o.Now, o.ActiveFrom, o.TokenLife = day, day.Add(2*time.Hour), life
		_, err := r.Rotated(o)
		require.ErrorContains(t, err, "already waits to be used, from 2026-02-01T01:00:00Z on")
		o.Now = day.Add(time.Hour)
		_, err = r.Rotated(o)
		require.NoError(t, err)
	}
}

func TestOneSortOfKeysOnly(t *testing.T) {
	for _, o := range []Rotation{{Signing: true}, {Sealing: true}} {
		o.Now, o.ActiveFrom, o.TokenLife = day, day, life
		r, err := generate(t).Rotated(o)
		require.NoError(t, err)
		want := map[Kind]int{Signing: 1, Sealing: 1}
		if o.Signing {
			want[Signing]++
		} else {
			want[Sealing]++
		}
		got := map[Kind]int{}
		for _, k := range r.Keys(day) {
			got[k.Kind]++
		}
		require.Equal(t, want, got)
	}
}

// The private half of a key that signs no more goes with the next change, and
// not before: replicas whose time has not come need it.
func TestPrivateHalvesAreForgotten(t *testing.T) {
	old := generate(t)
	from := day.Add(time.Minute)
	r := rotate(t, old, day, from)
	require.Contains(t, string(encode(t, r)), seedOf(old))
	same, err := r.Without(nil, from.Add(-time.Second))
	require.NoError(t, err)
	require.Contains(t, string(encode(t, same)), seedOf(old))
	less, err := r.Without(nil, from)
	require.NoError(t, err)
	require.NotContains(t, string(encode(t, less)), seedOf(old))
	require.Contains(t, less.VerificationKeys(from), old.signing[0].kid)
	parse(t, encode(t, less))
	again := rotate(t, r, from, from.Add(time.Minute))
	require.NotContains(t, string(encode(t, again)), seedOf(old))
	require.Equal(t, []State{Retired, Active, Pending, Retired, Active, Pending}, states(parse(t, encode(t, again)), from))
}

// A clock that is behind the first key's time has no other to use.
func TestBeforeTheFirstTime(t *testing.T) {
	r := rotate(t, generate(t), day, day)
	less, err := r.Without([]string{r.Keys(day)[0].ID, r.Keys(day)[2].ID}, day.Add(life+time.Second))
	require.NoError(t, err)
	early := less.at(t, day.Add(-time.Hour))
	kid, key := early.SigningKey(day.Add(-time.Hour))
	require.Equal(t, less.Keys(day)[0].ID, kid)
	require.NotNil(t, key)
	requireOpens(t, early, seal(t, early))
	require.Empty(t, early.Stale())
}

// version1 is a ring of the first version after a rotation, and what its two
// sealing keys sealed.
func version1(t *testing.T) (*Ring, [][]byte) {
	t.Helper()
	document, err := os.ReadFile("testdata/v1.json")
	require.NoError(t, err)
	text, err := os.ReadFile("testdata/sealed.txt")
	require.NoError(t, err)
	var sealed [][]byte
	for line := range strings.Lines(string(text)) {
		value, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		require.NoError(t, err)
		sealed = append(sealed, value)
	}
	return parse(t, document), sealed
}

func TestVersion1IsReadAndUpgraded(t *testing.T) {
	old, sealed := version1(t)
	end := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, []State{Retired, Active, Retired, Active}, states(old, day))
	require.Equal(t, end, old.Keys(day)[0].Until)
	require.Equal(t, sealed[0][:5], old.Stale()[0])

	r := rotate(t, old, day, day.Add(time.Minute))
	require.Contains(t, string(encode(t, r)), `"version": 2`)
	require.NotContains(t, string(encode(t, r)), `"state"`)
	for _, ring := range []*Ring{old, r.at(t, day), r.at(t, day.Add(time.Hour))} {
		for i, text := range []string{"sealed under the first key", "sealed under the second key"} {
			plain, err := ring.Open(sealed[i], []byte("place"))
			require.NoError(t, err)
			require.Equal(t, text, string(plain))
		}
		kids := ring.VerificationKeys(day)
		for _, k := range old.signing {
			require.Contains(t, kids, k.kid)
		}
	}
	require.Equal(t, sealed[1][:5], seal(t, r.at(t, day))[:5], "the primary key seals until the new one's time")
	require.False(t, slices.ContainsFunc(r.at(t, day).Stale(), func(mark []byte) bool { return string(mark) == string(sealed[1][:5]) }))
}
