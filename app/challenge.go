package app

import (
	"context"
	"crypto/subtle"
	"errors"
	"strconv"
	"strings"
	"time"

	"accord/app/verify"
)

const (
	// challengeLifetime is how long a challenge can be solved.
	challengeLifetime = 5 * time.Minute
	// sliderTolerance is how far from its place a piece may be, in pixels.
	sliderTolerance = 5
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
	receipts, err := s.admit(ctx, s.challengeCharges(client)...)
	if err != nil {
		return Challenge{}, failed(op, err)
	}
	c, err := s.drawChallenge(ctx, kind)
	if err != nil {
		err = errors.Join(err, s.Admission.Return(context.WithoutCancel(ctx), receipts))
	}
	return c, failed(op, err)
}

// drawChallenge makes a challenge whose answer is kept.
func (s *Service) drawChallenge(ctx context.Context, kind ChallengeKind) (Challenge, error) {
	puzzle, err := s.Puzzles.Draw(kind)
	if err != nil {
		return Challenge{}, err
	}
	answer, now := puzzle.Answer, s.Now()
	puzzle.Answer = ""
	c := Challenge{ID: s.IDs.SessionID(), Kind: kind, Puzzle: puzzle, ExpiresAt: now.Add(challengeLifetime)}
	if err := s.Challenges.Put(ctx, c.ID, kind, answer, c.ExpiresAt, now); err != nil {
		return Challenge{}, err
	}
	return c, nil
}

// challengeCharges bound how many challenges are drawn: for one client, and for
// all of them, which bounds how many are kept at a time.
func (s *Service) challengeCharges(client string) []verify.Charge {
	limits := s.settings.Limits
	return append(
		s.clientQuota("challenge", client, limitChallenge, limits.ChallengesPerClientMinute, time.Minute),
		verify.Charge{Key: "challenge/platform", Limit: verify.Quota(limitChallenges, limits.ChallengesPlatform, challengeLifetime)},
	)
}

// Solution is a person's answer to a challenge.
type Solution struct {
	ID   string
	Kind ChallengeKind
	// Answer is what was typed, or the pixels from the left edge of a slider's
	// picture to that of its piece.
	Answer string
	// Client is the address that it came from. Typed, if it is known, is the one
	// e-mail address or user name that the proof is to be good for, as it is typed.
	Client, Typed string
}

// Solve checks the answer. A right one to a slider leaves a proof that there is a
// person at the client's address, for humanLifetime, which the first use case
// that asks for one uses up; digits, which programs read, leave none. CodeWrong,
// also for a challenge that has been solved, has run out, or was answered wrongly
// ChallengeTries times; TooOften, or Internal.
func (s *Service) Solve(ctx context.Context, in Solution) error {
	const op = "solve a challenge"
	right, err := s.Admission.Attempt(ctx, "solve/"+verify.Network(in.Client), s.solveCharges(in), func() (bool, error) {
		err := s.Challenges.Solve(ctx, in.ID, in.Kind, s.Now(), func(answer Secret) bool { return in.answers(answer) })
		if KindOf(err) == CodeWrong {
			return false, nil
		}
		return err == nil, err
	})
	if err = refusal(err); err == nil && !right {
		err = &Error{Kind: CodeWrong}
	}
	if err == nil && in.Kind == SliderChallenge {
		now := s.Now()
		each := s.humanProof(in.Client, normalisedEmail(in.Typed)) + ProofMark + in.ID
		err = s.Proofs.Put(ctx, each, now.Add(humanLifetime), now)
	}
	return failed(op, err)
}

// solveCharges bound guessing where a slider's piece belongs, which a blind guess
// finds once in 18 times.
func (s *Service) solveCharges(in Solution) []verify.Charge {
	most := s.settings.Limits.SolvesPerClientHour
	if in.Kind != SliderChallenge {
		return nil
	}
	return s.settings.Guard.ClientCharges("solve", in.Client, verify.Limit{
		Name: limitSolve, Free: most, LockAfter: most, LockFor: time.Hour,
	})
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
