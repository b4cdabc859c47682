// Package ident makes the platform's identifiers.
package ident

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sony/sonyflake"

	"accord/app"
)

// Options say where and since when identifiers are made. Every field is needed.
type Options struct {
	// Location is the zone in which an accountId tells its minute. It must stay
	// the same for the platform's life.
	Location *time.Location
	// Start is the beginning of user numbers; they last 174 years from it. It
	// must stay the same for the platform's life.
	Start time.Time
	// Now is the clock; time.Now.
	Now func() time.Time
	// MachineID is called once and returns a number that no other running
	// replica has.
	MachineID func() (uint16, error)
}

// Generator is an app.IDs. Safe for concurrent use.
type Generator struct {
	location *time.Location
	numbers  *sonyflake.Sonyflake
	text     func() string
	now      func() time.Time
	// latest is the latest time, in nanoseconds since 1970, that the clock has shown.
	latest atomic.Int64
}

var _ app.IDs = (*Generator)(nil)

// New returns a Generator, every fault of the options, or why no machine id was
// to be had.
func New(o Options) (*Generator, error) {
	var faults []error
	if o.Location == nil {
		faults = append(faults, errors.New("ident: no location for account ids"))
	}
	if o.Start.IsZero() {
		faults = append(faults, errors.New("ident: no start of user numbers"))
	}
	if o.Now == nil {
		faults = append(faults, errors.New("ident: no clock"))
	}
	if o.MachineID == nil {
		faults = append(faults, errors.New("ident: no source of machine ids"))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	numbers, err := sonyflake.New(sonyflake.Settings{StartTime: o.Start, MachineID: o.MachineID})
	if err != nil {
		return nil, fmt.Errorf("ident: user numbers: %w", err)
	}
	return &Generator{location: o.Location, numbers: numbers, text: rand.Text, now: o.Now}, nil
}

// AccountID returns 14 digits: the minute of now, yyMMddHHmm in the location,
// and four drawn evenly at random.
func (g *Generator) AccountID(now time.Time) string {
	n, err := rand.Int(rand.Reader, big.NewInt(10_000))
	if err != nil { // documented never to fail
		panic(err)
	}
	return now.In(g.location).Format("0601021504") + fmt.Sprintf("%04d", n)
}

// clockSlack is how far the clock may go back without notice: user numbers wait for
// it as long.
const clockSlack = time.Second

// Ready is nil while user numbers can be made. They begin with the time, so that there
// are none after the clock was set back, until it is again as late as it was: waiting
// for that would hold up every registration. A restart begins anew; the database then
// refuses a number that it has.
func (g *Generator) Ready() error {
	now := g.now()
	for {
		latest := g.latest.Load()
		back := time.Duration(latest - now.UnixNano())
		if back > clockSlack {
			return &app.Error{Kind: app.Internal, Op: "user id", Err: fmt.Errorf(
				"the clock went back by %s: no user numbers until it is right again; set it, or restart", back.Round(time.Second))}
		}
		if back >= 0 || g.latest.CompareAndSwap(latest, now.UnixNano()) {
			return nil
		}
	}
}

// UserID returns the next number; an error when the numbers have run out, or Ready's.
// It waits up to 10 ms where more than 256 are asked for in that time.
func (g *Generator) UserID() (int64, error) {
	if err := g.Ready(); err != nil {
		return 0, err
	}
	n, err := g.numbers.NextID()
	if err != nil {
		return 0, &app.Error{Kind: app.Internal, Op: "user id", Err: err}
	}
	return int64(n), nil //nolint:gosec // 63 bits
}

// SessionID returns 26 characters of lower-case base32, 130 random bits.
func (g *Generator) SessionID() string {
	for {
		// Gitea reads a token name of digits only as a number.
		if id := strings.ToLower(g.text()); strings.ContainsFunc(id, isLetter) {
			return id
		}
	}
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' }

// StorageSecret returns 40 characters of base32, 200 random bits.
func (g *Generator) StorageSecret() app.Secret {
	return app.Secret((g.text() + g.text())[:40])
}

// codeAlphabet leaves out what people mistake for one another: 0 O, 1 I L.
const codeAlphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// Code returns 6 characters of digits and capital letters, 29.7 random bits.
func (g *Generator) Code() app.Secret {
	code := make([]byte, app.CodeLength)
	for i := range code {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(codeAlphabet))))
		if err != nil { // documented never to fail
			panic(err)
		}
		code[i] = codeAlphabet[n.Int64()]
	}
	return app.Secret(code)
}
