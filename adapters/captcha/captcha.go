// Package captcha draws human checks: digits to be typed, and a slider, whose
// piece is to be moved to where it was cut out. What is drawn is kept elsewhere.
package captcha

import (
	"bytes"
	crand "crypto/rand"
	"errors"
	"image"
	"image/png"
	"math/rand/v2"

	"accord/app"
)

// Puzzles is an app.Puzzles. Safe for concurrent use.
type Puzzles struct{ random func() *rand.Rand }

var _ app.Puzzles = (*Puzzles)(nil)

// New returns a Puzzles that nobody can foretell.
func New() *Puzzles { return &Puzzles{random: unguessable} }

// unguessable makes a source of its own for each puzzle.
func unguessable() *rand.Rand {
	var seed [32]byte
	_, _ = crand.Read(seed[:])             // never fails
	return rand.New(rand.NewChaCha8(seed)) //nolint:gosec // ChaCha8 under a random key cannot be foretold
}

// Draw is that of app.Puzzles.
func (p *Puzzles) Draw(kind app.ChallengeKind) (app.Puzzle, error) {
	var made app.Puzzle
	var err error
	switch kind {
	case app.PictureChallenge:
		made, err = digits(p.random())
	case app.SliderChallenge:
		made, err = slider(p.random())
	default:
		err = errors.New("captcha: unknown kind of challenge")
	}
	if err != nil {
		return app.Puzzle{}, &app.Error{Kind: app.Internal, Op: "draw a puzzle", Err: err}
	}
	return made, nil
}

func encode(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}
