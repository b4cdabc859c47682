package keyring

import (
	"os"
	"testing"
	"time"
)

// FuzzParse: a document is refused, or makes a ring that works and that its own
// document gives again.
func FuzzParse(f *testing.F) {
	old, err := os.ReadFile("testdata/v1.json")
	if err != nil {
		f.Fatal(err)
	}
	ring, err := Parse(old)
	if err != nil {
		f.Fatal(err)
	}
	now := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	rotated, err := ring.Rotated(Rotation{Signing: true, Sealing: true, Now: now, ActiveFrom: now, TokenLife: time.Hour})
	if err != nil {
		f.Fatal(err)
	}
	next, err := rotated.encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{old, next, []byte(`{"version": 2, "signing": [{}], "sealing": null}`)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		r.now = func() time.Time { return now }
		if _, key := r.SigningKey(now); key == nil {
			t.Fatal("nothing signs")
		}
		sealed, err := r.Seal([]byte("x"), nil)
		if err != nil {
			t.Fatal(err)
		}
		document, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(document)
		if err != nil {
			t.Fatalf("its own document is refused: %v", err)
		}
		if _, err := again.Open(sealed, nil); err != nil {
			t.Fatal(err)
		}
		if len(again.Keys(now)) != len(r.Keys(now)) {
			t.Fatal("a key was lost")
		}
	})
}
