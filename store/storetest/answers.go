package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/store"
)

const (
	requestKey  = "key"
	firstAnswer = "an answer with a token"
)

var (
	request      = []byte("fingerprint")
	otherRequest = []byte("fingerprinT")
)

// ask begins with a lease of a minute.
func ask(t *testing.T, s app.Answers, key string, fingerprint []byte, now time.Duration) app.Asked {
	t.Helper()
	asked, err := s.Begin(t.Context(), key, fingerprint, at(now), at(now+time.Minute))
	require.NoError(t, err)
	return asked
}

// claimed begins where the caller must get the claim.
func claimed(t *testing.T, d *database, key string, now time.Duration) int64 {
	t.Helper()
	asked := ask(t, d.Answers, key, request, now)
	require.NotZero(t, asked.Claim)
	require.Empty(t, asked.Answer)
	return asked.Claim
}

func keep(t *testing.T, d *database, claim int64, answer string, until time.Duration) {
	t.Helper()
	require.NoError(t, d.Answers.Keep(t.Context(), claim, []byte(answer), at(until)))
}

func requireReused(t *testing.T, d *database, key string, now time.Duration) {
	t.Helper()
	asked, err := d.Answers.Begin(t.Context(), key, otherRequest, at(now), at(now+time.Minute))
	require.ErrorIs(t, err, app.ErrKeyReused)
	require.Zero(t, asked)
}

func answerLife(t *testing.T, d *database) {
	const day = 24 * time.Hour
	claim := claimed(t, d, requestKey, 0)
	require.Equal(t, app.Asked{}, ask(t, d.replica(t).Answers, requestKey, request, 0), "another is at work")
	requireReused(t, d, requestKey, 0)
	require.NotEqual(t, claim, claimed(t, d, "KEY", 0), "keys differ by case")

	keep(t, d, claim, firstAnswer, day)
	for range 2 {
		keep(t, d, claim, "another answer", 2*day)
		require.NoError(t, d.Answers.Drop(t.Context(), claim), "it is kept")
		last := day - time.Microsecond
		require.Equal(t, app.Asked{Answer: []byte(firstAnswer)}, ask(t, d.replica(t).Answers, requestKey, request, last))
		requireReused(t, d, requestKey, last)
	}
	asked, err := d.Answers.Begin(t.Context(), requestKey, otherRequest, at(day), at(day+time.Minute))
	require.NoError(t, err)
	require.NotZero(t, asked.Claim, "the time of the answer is over, and the key free for another request")
}

func answerDropped(t *testing.T, d *database) {
	claim := claimed(t, d, requestKey, 0)
	for range 2 {
		require.NoError(t, d.Answers.Drop(t.Context(), claim))
	}
	keep(t, d, claim, firstAnswer, time.Hour)
	next := claimed(t, d, requestKey, 0)
	require.NotEqual(t, claim, next)
	require.NoError(t, d.Answers.Drop(t.Context(), claim), "of another claim")
	require.Equal(t, app.Asked{}, ask(t, d.Answers, requestKey, request, 0))
}

// answerLost has a claim run out under whoever has it.
func answerLost(t *testing.T, d *database) {
	lost := claimed(t, d, requestKey, 0)
	require.Equal(t, app.Asked{}, ask(t, d.Answers, requestKey, request, time.Minute-time.Microsecond))
	claim := claimed(t, d, requestKey, time.Minute)
	require.NotEqual(t, lost, claim)
	keep(t, d, lost, "too late", time.Hour)
	require.NoError(t, d.Answers.Drop(t.Context(), lost))
	require.Equal(t, app.Asked{}, ask(t, d.Answers, requestKey, request, time.Minute))
	keep(t, d, claim, firstAnswer, time.Hour)
	require.Equal(t, app.Asked{Answer: []byte(firstAnswer)}, ask(t, d.Answers, requestKey, request, time.Minute))

	slow := claimed(t, d, "slow", 0)
	keep(t, d, slow, firstAnswer, time.Hour)
	require.Equal(t, app.Asked{Answer: []byte(firstAnswer)}, ask(t, d.Answers, "slow", request, time.Minute), "nobody else wanted it")
}

func answerSealed(t *testing.T, d *database) {
	keep(t, d, claimed(t, d, requestKey, 0), firstAnswer, time.Hour)
	keep(t, d, claimed(t, d, "other", 0), "another answer", time.Hour)
	for column, plain := range map[string]string{"fingerprint": string(request), "answer": firstAnswer} {
		var raw []byte
		require.NoError(t, d.raw.Get(&raw, "SELECT "+column+" FROM answers WHERE name = ?", requestKey))
		require.NotEmpty(t, raw)
		require.NotContains(t, string(raw), plain)

		var own []byte
		require.NoError(t, d.raw.Get(&own, "SELECT "+column+" FROM answers WHERE name = 'other'"))
		d.exec(t, "UPDATE answers SET "+column+" = ? WHERE name = 'other'", raw)
		_, err := d.Answers.Begin(t.Context(), "other", request, at(0), at(time.Minute))
		requireKind(t, app.Internal, err)
		require.NotErrorIs(t, err, app.ErrKeyReused)
		d.exec(t, "UPDATE answers SET "+column+" = ? WHERE name = 'other'", own)
	}
	other := openStore(t, store.Options{Driver: d.options.Driver, DSN: d.options.DSN, Sealer: NewSealer()})
	_, err := other.Answers.Begin(t.Context(), requestKey, request, at(0), at(time.Minute))
	requireKind(t, app.Internal, err)
	require.NotErrorIs(t, err, app.ErrKeyReused)
}

// answerPruned begins under ever other keys, hour after hour; every other one
// is never answered.
func answerPruned(t *testing.T, d *database) {
	const perHour = 6
	for hour := range 6 {
		now := time.Duration(hour) * time.Hour
		for i := range perHour {
			claim := claimed(t, d, fmt.Sprint(hour, "/", i), now)
			if i%2 == 0 {
				keep(t, d, claim, firstAnswer, now+time.Hour)
			}
		}
		var rows int
		require.NoError(t, d.raw.Get(&rows, "SELECT COUNT(*) FROM answers"))
		require.Equal(t, perHour, rows)
	}
}

// answerRace asks at one instant, while there are old rows to clear up, one of
// them of that very key: one gets the claim, and who asks again its answer.
func answerRace(t *testing.T, d *database) {
	stores := []app.Answers{d.Answers, d.replica(t).Answers}
	for round := range 5 {
		now := time.Duration(round) * time.Hour
		for old := range 10 {
			claimed(t, d, fmt.Sprint("old", round, old), now-10*time.Minute)
		}
		claimed(t, d, requestKey, now-10*time.Minute)
		var claim atomic.Int64
		results := race(racers, func(who int) error {
			asked, err := stores[who%2].Begin(context.Background(), requestKey, request, at(now), at(now+time.Minute))
			if asked.Claim != 0 && !claim.CompareAndSwap(0, asked.Claim) {
				return fmt.Errorf("claimed twice")
			}
			return err
		})
		for _, err := range results {
			require.NoError(t, err)
		}
		require.NotZero(t, claim.Load())
		keep(t, d, claim.Load(), firstAnswer, now+30*time.Minute)
		for _, s := range stores {
			require.Equal(t, app.Asked{Answer: []byte(firstAnswer)}, ask(t, s, requestKey, request, now))
		}
	}
}

// answerDropRace has everybody who gets the claim give it up: each one gets it
// in the end, and never two at once.
func answerDropRace(t *testing.T, d *database) {
	stores := []app.Answers{d.Answers, d.replica(t).Answers}
	var holders atomic.Int32
	results := race(racers/4, func(who int) error {
		s := stores[who%2]
		for {
			asked, err := s.Begin(context.Background(), requestKey, request, at(0), at(time.Minute))
			if err != nil {
				return err
			}
			if asked.Claim == 0 {
				continue
			}
			if holders.Add(1) != 1 {
				return fmt.Errorf("claimed twice")
			}
			holders.Add(-1)
			return s.Drop(context.Background(), asked.Claim)
		}
	})
	for _, err := range results {
		require.NoError(t, err)
	}
}
