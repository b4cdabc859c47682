package app

import (
	"context"
	"crypto/subtle"
	"strconv"
	"strings"
	"time"
)

const (
	// challengeLifetime is how long a challenge can be solved.
	challengeLifetime = 5 * time.Minute
	// sliderTolerance is how far from its place a piece may be, in pixels.
	sliderTolerance = 5
)

// How many challenges are drawn: for one client, and for all of them, which
// bounds how many are kept at a time.
const (
	challengesPerClient = 60 // a minute
	challengesInAll     = 20_000
)

// Challenge is a human check that was handed out.
type Challenge struct {
	// ID names it in Solve: 26 characters.
	ID   string
	Kind ChallengeKind
	// Puzzle is without its answer.
	Puzzle
	ExpiresAt time.Time
}

// Challenge draws a human check for the client of that address. TooOften or
// Internal.
func (s *Service) Challenge(ctx context.Context, kind ChallengeKind, client string) (Challenge, error) {
	const op = "draw a challenge"
	if err := s.spendChallenge(ctx, client, s.Now()); err != nil {
		return Challenge{}, failed(op, err)
	}
	puzzle, err := s.Puzzles.Draw(kind)
	if err != nil {
		return Challenge{}, failed(op, err)
	}
	answer, now := puzzle.Answer, s.Now()
	puzzle.Answer = ""
	c := Challenge{ID: s.IDs.SessionID(), Kind: kind, Puzzle: puzzle, ExpiresAt: now.Add(challengeLifetime)}
	if err := s.Challenges.Put(ctx, c.ID, kind, answer, c.ExpiresAt, now); err != nil {
		return Challenge{}, failed(op, err)
	}
	return c, nil
}

func (s *Service) spendChallenge(ctx context.Context, client string, now time.Time) error {
	limit := challengesPerClient
	if s.settings.Guard.Exempt(client) {
		limit = 0
	}
	ok, err := s.Counters.Spend(ctx, "challenge/client/"+ClientKey(client), time.Minute, limit, now)
	if err == nil && ok {
		ok, err = s.Counters.Spend(ctx, "challenge/platform", challengeLifetime, challengesInAll, now)
	}
	if err == nil && !ok {
		err = &Error{Kind: TooOften}
	}
	return err
}

// Solution is a person's answer to a challenge.
type Solution struct {
	ID   string
	Kind ChallengeKind
	// Answer is what was typed, or the pixels from the left edge of a slider's
	// picture to that of its piece.
	Answer string
	// Client is the address that it came from. Email, where it is known, is the
	// one address that the proof is to be good for.
	Client, Email string
}

// Solve checks the answer. A right one to a slider leaves a proof that there is a
// person at the client's address, for humanLifetime, which the first use case
// that asks for one uses up; digits, which programs read, leave none. CodeWrong,
// also for a challenge that has been solved, has run out, or was answered wrongly
// ChallengeTries times; TooOften, or Internal.
func (s *Service) Solve(ctx context.Context, in Solution) error {
	const op = "solve a challenge"
	right, err := s.guarded(ctx, s.solveTries(in), func() (bool, error) {
		err := s.Challenges.Solve(ctx, in.ID, in.Kind, s.Now(), func(answer Secret) bool { return in.answers(answer) })
		if KindOf(err) == CodeWrong {
			return false, nil
		}
		return err == nil, err
	})
	if err == nil && !right {
		err = &Error{Kind: CodeWrong}
	}
	if err == nil && in.Kind == SliderChallenge {
		now := s.Now()
		err = s.Proofs.Put(ctx, humanProof(in.Client, in.Email), now.Add(humanLifetime), now)
	}
	return failed(op, err)
}

// solveLimit bounds guessing where a slider's piece belongs, which a blind try
// finds once in 18 times.
var solveLimit = FailureLimit{Free: 30, LockAfter: 30, LockFor: time.Hour}

func (s *Service) solveTries(in Solution) []Try {
	if in.Kind != SliderChallenge || s.settings.Guard.Exempt(in.Client) {
		return nil
	}
	return []Try{{Key: "solve/client/" + ClientKey(in.Client), Limit: solveLimit}}
}

// answers judges the answer by the kind of the challenge.
func (in Solution) answers(answer Secret) bool {
	given := strings.TrimSpace(in.Answer)
	if in.Kind != SliderChallenge {
		return subtle.ConstantTimeCompare([]byte(given), []byte(answer.Reveal())) == 1
	}
	x, givenErr := strconv.ParseFloat(given, 64)
	place, err := strconv.Atoi(answer.Reveal())
	if givenErr != nil || err != nil {
		return false
	}
	off := x - float64(place)
	return off >= -sliderTolerance && off <= sliderTolerance // nothing is, of a number that is none
}
