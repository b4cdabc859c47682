package stage

import (
	"context"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/adapters/picture"
	"accord/app"
)

// faults makes calls of the store, the hasher and the pictures fail.
type faults struct {
	mu sync.Mutex
	by map[string]app.Kind
}

func (f *faults) inject(call string, kind app.Kind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.by[call] = kind
}

func (f *faults) mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.by)
}

func (f *faults) met(call string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if kind, ok := f.by[call]; ok {
		return &app.Error{Kind: kind, Op: call}
	}
	return nil
}

type accounts struct {
	app.Accounts
	faults *faults
}

func (a accounts) Reserve(ctx context.Context, account app.Account) error {
	if err := a.faults.met("store Reserve"); err != nil {
		return err
	}
	return a.Accounts.Reserve(ctx, account)
}

func (a accounts) ByUsername(ctx context.Context, username string) (app.Account, error) {
	if err := a.faults.met("store ByUsername"); err != nil {
		return app.Account{}, err
	}
	return a.Accounts.ByUsername(ctx, username)
}

func (a accounts) ByEmail(ctx context.Context, email string) (app.Account, error) {
	if err := a.faults.met("store ByEmail"); err != nil {
		return app.Account{}, err
	}
	return a.Accounts.ByEmail(ctx, email)
}

type sessions struct {
	app.Sessions
	faults *faults
}

func (s sessions) Live(ctx context.Context, id string, now time.Time) (app.Session, app.Account, error) {
	if err := s.faults.met("store Live"); err != nil {
		return app.Session{}, app.Account{}, err
	}
	return s.Sessions.Live(ctx, id, now)
}

type slowHasher struct {
	app.Hasher
	faults *faults
}

func (h slowHasher) Hash(ctx context.Context, p app.Secret) (app.Secret, error) {
	if err := h.faults.met("hasher Hash"); err != nil {
		return "", err
	}
	return h.Hasher.Hash(ctx, p)
}

func (h slowHasher) Verify(ctx context.Context, hash, p app.Secret) (bool, error) {
	if err := h.faults.met("hasher Verify"); err != nil {
		return false, err
	}
	return h.Hasher.Verify(ctx, hash, p)
}

type codes struct {
	app.Codes
	faults *faults
}

func (c codes) Put(ctx context.Context, target string, purpose app.Purpose, code app.Secret, expires, now time.Time) error {
	if err := c.faults.met("store Put"); err != nil {
		return err
	}
	return c.Codes.Put(ctx, target, purpose, code, expires, now)
}

func (c codes) Check(ctx context.Context, target string, code app.Secret, now time.Time, purposes ...app.Purpose) (app.CodeRef, app.Purpose, error) {
	if err := c.faults.met("store Check"); err != nil {
		return app.CodeRef{}, "", err
	}
	return c.Codes.Check(ctx, target, code, now, purposes...)
}

// challenges remember the answers that they are given, for scripts to solve
// them.
type challenges struct {
	app.Challenges
	faults  *faults
	mu      sync.Mutex
	answers map[string]app.Secret
}

func (c *challenges) Put(ctx context.Context, id string, kind app.ChallengeKind, answer app.Secret, ends, now time.Time) error {
	if err := c.faults.met("store PutChallenge"); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers[id] = answer
	return c.Challenges.Put(ctx, id, kind, answer, ends, now)
}

func (c *challenges) Solve(
	ctx context.Context, id string, kind app.ChallengeKind, now time.Time, right func(app.Secret) bool,
) error {
	if err := c.faults.met("store Solve"); err != nil {
		return err
	}
	return c.Challenges.Solve(ctx, id, kind, now, right)
}

func (c *challenges) answer(t testing.TB, id string) string {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	answer, found := c.answers[id]
	require.True(t, found, "no puzzle %s was drawn", id)
	return answer.Reveal()
}

type people struct {
	app.People
	faults *faults
}

func (p people) ByUserID(ctx context.Context, userID int64) (app.Person, error) {
	if err := p.faults.met("store Person"); err != nil {
		return app.Person{}, err
	}
	return p.People.ByUserID(ctx, userID)
}

func (p people) ByUsername(ctx context.Context, username string) (app.Person, error) {
	if err := p.faults.met("store Person"); err != nil {
		return app.Person{}, err
	}
	return p.People.ByUsername(ctx, username)
}

type proofs struct {
	app.Proofs
	faults *faults
}

func (p proofs) Consume(ctx context.Context, name string, now time.Time) (app.ProofRef, error) {
	if err := p.faults.met("store Consume"); err != nil {
		return app.ProofRef{}, err
	}
	return p.Proofs.Consume(ctx, name, now)
}

func (p proofs) Has(ctx context.Context, name string, now time.Time) (bool, error) {
	if err := p.faults.met("store Has"); err != nil {
		return false, err
	}
	return p.Proofs.Has(ctx, name, now)
}

// onePixel is a picture, as a GIF.
var onePixel = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")

// pictures are the real ones but for the way to them: a URL of the file store
// is looked up there, one on i.picsum.photos leads to the same picture
// always, and any other is not allowed.
type pictures struct {
	*picture.Pictures
	files  *memory.Files
	faults *faults
}

func newPictures(t *testing.T, w *Stage) pictures {
	t.Helper()
	real, err := picture.New(picture.Options{})
	require.NoError(t, err)
	return pictures{real, w.Files, w.faults}
}

func (p pictures) Fetch(ctx context.Context, address string) ([]byte, error) {
	if err := p.faults.met("pictures Fetch"); err != nil {
		return nil, err
	}
	if png, found := p.files.Picture(address); found {
		return p.Normalize(png)
	}
	if u, err := url.Parse(address); err == nil && u.Hostname() == "i.picsum.photos" {
		return p.Normalize(onePixel)
	}
	return p.Pictures.Fetch(ctx, address)
}
