package app

import (
	"context"
	"time"
)

// ChallengeKind is how a person shows that he is one.
type ChallengeKind string

// The kinds of human checks.
const (
	// PictureChallenge shows digits, to be typed.
	PictureChallenge ChallengeKind = "picture"
	// SliderChallenge shows a picture with a hole, and the piece that was cut out
	// of it, to be moved from the left edge to where it belongs.
	SliderChallenge ChallengeKind = "slider"
)

// Puzzles draw human checks. Safe for concurrent use. Errors are Internal.
type Puzzles interface {
	// Draw makes a puzzle that no other resembles. It works for some
	// milliseconds and waits for nothing.
	Draw(kind ChallengeKind) (Puzzle, error)
}

// Puzzle is a human check as it is drawn.
type Puzzle struct {
	// Image is a PNG of Width and Height pixels.
	Image         []byte
	Width, Height int
	// Piece of a slider is a PNG, square, PieceSize pixels a side; its upper edge
	// belongs PieceTop pixels below that of Image.
	Piece               []byte
	PieceSize, PieceTop int
	// Answer is what has to be typed, or how many pixels right of Image's left
	// edge that of Piece belongs.
	Answer Secret
}

// Challenges keep the answers of the human checks that were handed out, sealed,
// for all replicas. Safe for concurrent use; every call has a transaction of its
// own. Errors other than those named are Internal.
type Challenges interface {
	// Put keeps the answer of a challenge under an id of at most 64 bytes, which
	// is never used again, until ends.
	Put(ctx context.Context, id string, kind ChallengeKind, answer Secret, ends, now time.Time) error
	// Solve has right compare the answer, and uses the challenge up where it says
	// so: of several that are right at once for one of them. CodeWrong where it
	// does not, and where no such challenge is left at now; a challenge that was
	// answered wrongly ChallengeTries times is not. right may be called again and
	// must not call the store.
	Solve(ctx context.Context, id string, kind ChallengeKind, now time.Time, right func(answer Secret) bool) error
}

// ChallengeTries is how many wrong answers end a challenge.
const ChallengeTries = 3
