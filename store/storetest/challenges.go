package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/store"
)

const (
	challenge   = "a challenge of 26 letters."
	rightAnswer = app.Secret("48213")
)

func challenged(t *testing.T, d *database, id string, now time.Duration) {
	t.Helper()
	require.NoError(t, d.Challenges.Put(t.Context(), id, app.PictureChallenge, rightAnswer, at(now+5*time.Minute), at(now)))
}

// solve answers a challenge of pictures.
func solve(t *testing.T, d *database, id string, given app.Secret, now time.Duration) error {
	t.Helper()
	return d.Challenges.Solve(t.Context(), id, app.PictureChallenge, at(now), func(answer app.Secret) bool { return answer == given })
}

func challengeLife(t *testing.T, d *database) {
	requireKind(t, app.CodeWrong, solve(t, d, challenge, rightAnswer, 0))
	challenged(t, d, challenge, 0)
	challenged(t, d, "other", 0)
	requireKind(t, app.Internal, d.Challenges.Put(t.Context(), challenge, app.PictureChallenge, "1", at(time.Minute), at(0)))
	requireKind(t, app.CodeWrong, solve(t, d, challenge, rightAnswer, 5*time.Minute))
	yes := func(app.Secret) bool { return true }
	requireKind(t, app.CodeWrong, d.Challenges.Solve(t.Context(), challenge, app.SliderChallenge, at(0), yes))
	requireKind(t, app.CodeWrong, solve(t, d, challenge, "", 0))
	require.NoError(t, solve(t, d, challenge, rightAnswer, 5*time.Minute-time.Microsecond))
	requireKind(t, app.CodeWrong, solve(t, d, challenge, rightAnswer, 0))
	require.NoError(t, solve(t, d, "other", rightAnswer, 0))
	var rows int
	require.NoError(t, d.raw.Get(&rows, "SELECT COUNT(*) FROM challenges"))
	require.Zero(t, rows)
}

func challengeTries(t *testing.T, d *database) {
	challenged(t, d, challenge, 0)
	for range app.ChallengeTries - 1 {
		requireKind(t, app.CodeWrong, solve(t, d, challenge, "00000", 0))
	}
	challenged(t, d, "other", 0)
	requireKind(t, app.CodeWrong, solve(t, d, challenge, "00000", 0))
	requireKind(t, app.CodeWrong, solve(t, d, challenge, rightAnswer, 0))

	for range app.ChallengeTries - 1 {
		requireKind(t, app.CodeWrong, solve(t, d, "other", "00000", 0))
	}
	require.NoError(t, solve(t, d, "other", rightAnswer, 0))
}

func challengeSealed(t *testing.T, d *database) {
	challenged(t, d, challenge, 0)
	require.NoError(t, d.Challenges.Put(t.Context(), "other", app.PictureChallenge, "13579", at(time.Minute), at(0)))
	var raw []byte
	require.NoError(t, d.raw.Get(&raw, "SELECT answer FROM challenges WHERE name = 'other'"))
	require.NotEmpty(t, raw)
	require.NotContains(t, string(raw), "13579")
	d.exec(t, "UPDATE challenges SET answer = ? WHERE name = ?", raw, challenge)
	requireKind(t, app.Internal, solve(t, d, challenge, "13579", 0))

	other := openStore(t, store.Options{Driver: d.options.Driver, DSN: d.options.DSN, Sealer: NewSealer()})
	err := other.Challenges.Solve(t.Context(), "other", app.PictureChallenge, at(0), func(app.Secret) bool { return true })
	requireKind(t, app.Internal, err)
}

// challengePruned keeps challenges hour after hour.
func challengePruned(t *testing.T, d *database) {
	const perHour = 5
	for hour := range 6 {
		for i := range perHour {
			challenged(t, d, fmt.Sprint(hour, "/", i), time.Duration(hour)*time.Hour)
		}
		var rows int
		require.NoError(t, d.raw.Get(&rows, "SELECT COUNT(*) FROM challenges"))
		require.Equal(t, perHour, rows)
	}
}

// challengeRace solves one challenge by many at once, on two replicas.
func challengeRace(t *testing.T, d *database) {
	replicas := []app.Challenges{d.Challenges, d.replica(t).Challenges}
	for range 5 {
		challenged(t, d, challenge, 0)
		requireOneWinner(t, app.CodeWrong, race(racers, func(i int) error {
			return replicas[i%2].Solve(context.Background(), challenge, app.PictureChallenge, at(0),
				func(answer app.Secret) bool { return answer == rightAnswer })
		}))
	}
}

// challengeGuessed guesses many times at once: no more guesses than the limit
// are compared.
func challengeGuessed(t *testing.T, d *database) {
	replicas := []app.Challenges{d.Challenges, d.replica(t).Challenges}
	challenged(t, d, challenge, 0)
	for _, err := range race(racers, func(i int) error {
		return replicas[i%2].Solve(context.Background(), challenge, app.PictureChallenge, at(0), func(app.Secret) bool { return false })
	}) {
		requireKind(t, app.CodeWrong, err)
	}
	requireKind(t, app.CodeWrong, solve(t, d, challenge, rightAnswer, 0))
}
