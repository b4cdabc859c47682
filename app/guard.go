package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/netip"
	"slices"
	"time"
)

// GuardSettings bound how often and how many passwords are checked.
type GuardSettings struct {
	// Account bounds wrong passwords for one name or address as it is typed,
	// whether an account has it or not, and of one account that is signed in.
	// Client bounds those from one client address, see ClientKey.
	Account, Client FailureLimit
	// ExemptClients are the networks whose addresses Client does not bound.
	ExemptClients []netip.Prefix
	// HashWait is how long a password waits until its hash can be computed; then
	// the request is Busy. Zero waits as long as the request lasts.
	HashWait time.Duration
}

// releaseTime bounds the write that follows a check, which the client's going
// away does not cancel.
const releaseTime = 5 * time.Second

// guarded runs a password check unless one of the tries has to wait: then it is
// TooOften. The tries count as failed before the check begins, so that however
// many run at once no more than the limits allow are checked. A wrong password
// leaves them counted; a right one, and a check that did not happen, do not.
func (s *Service) guarded(ctx context.Context, tries []Try, check func() (bool, error)) (bool, error) {
	tries = slices.DeleteFunc(tries, func(t Try) bool { return t.Limit.Free == 0 })
	if len(tries) == 0 {
		return check()
	}
	wait, err := s.Failures.Reserve(ctx, tries, s.Now())
	switch {
	case err != nil:
		return false, err
	case wait > 0:
		return false, &Error{Kind: TooOften, RetryAfter: wait}
	}
	ok, err := check()
	if err == nil && !ok {
		return false, nil
	}
	return ok, errors.Join(err, s.release(ctx, tries, ok))
}

func (s *Service) release(ctx context.Context, tries []Try, right bool) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	var forget, giveBack []string
	for _, t := range tries {
		if right && t.Resets {
			forget = append(forget, t.Key)
		} else {
			giveBack = append(giveBack, t.Key)
		}
	}
	return s.Failures.Release(ctx, forget, giveBack)
}

// signInTries are what a sign-in is counted under. They depend on what was
// typed alone, so that they tell nothing of who exists.
func (s *Service) signInTries(in Credentials) []Try {
	guard := s.settings.Guard
	tries := []Try{{Key: in.typed(), Limit: guard.Account, Resets: true}}
	if !guard.Exempt(in.IP) {
		tries = append(tries, Try{Key: "client/" + ClientKey(in.IP), Limit: guard.Client})
	}
	return tries
}

// forgive forgets the failed tries of an account whose person has proved
// himself otherwise.
func (s *Service) forgive(ctx context.Context, a Account) error {
	keys := []string{
		"mail/" + digest(a.Email), "name/" + digest(a.Username), "mobile/" + digest(a.Country+a.Mobile), "confirm/" + a.ID,
		"human/mail/" + digest(a.Email), "human/name/" + digest(a.Username), "human/mobile/" + digest(a.Country+a.Mobile),
	}
	switch ok, err := s.signsInByNumber(ctx, a); {
	case err != nil:
		return err
	case ok:
		keys = append(keys, "name/"+digest(a.Mobile), "human/name/"+digest(a.Mobile))
	}
	return s.Failures.Release(ctx, keys, nil)
}

// digest keeps what was typed out of the database: people type passwords into
// the wrong field. It has one length, whatever was typed.
func digest(typed string) string {
	sum := sha256.Sum256([]byte(FoldKey(typed)))
	return hex.EncodeToString(sum[:])
}

// Exempt reports whether Client does not bound that address.
func (g GuardSettings) Exempt(client string) bool {
	address, err := netip.ParseAddr(client)
	if err != nil {
		return false
	}
	address = address.Unmap().WithZone("")
	return slices.ContainsFunc(g.ExemptClients, func(p netip.Prefix) bool { return p.Contains(address) })
}

// hash and verify are the Hasher's, for requests that hold nothing yet: they
// wait for a place no longer than the settings say.
func (s *Service) hash(ctx context.Context, password Secret) (Secret, error) {
	ctx, cancel := s.patience(ctx)
	defer cancel()
	return s.Hasher.Hash(ctx, password)
}

func (s *Service) verify(ctx context.Context, hash, password Secret) (bool, error) {
	ctx, cancel := s.patience(ctx)
	defer cancel()
	return s.Hasher.Verify(ctx, hash, password)
}

func (s *Service) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.settings.Guard.HashWait == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.settings.Guard.HashWait)
}
