package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/store"
)

const (
	target    = "mail:alice@example.com"
	rightCode = app.Secret("ABC234")
	wrongCode = app.Secret("XYZ789")
	// totalTries is how many wrong tries kill a code.
	totalTries = 100
)

// put stores a code that lives five minutes.
func put(t *testing.T, d *database, target string, code app.Secret, now time.Duration) {
	t.Helper()
	require.NoError(t, d.Codes.Put(t.Context(), target, app.AnyPurpose, code, at(now+5*time.Minute), at(now)))
}

func requireWrong(t *testing.T, d *database, target string, code app.Secret, now time.Duration) {
	t.Helper()
	ref, _, err := d.Codes.Check(t.Context(), target, code, at(now))
	requireKind(t, app.CodeWrong, err)
	require.NotErrorIs(t, err, app.ErrCodeExpired)
	require.Zero(t, ref)
}

func requireExpired(t *testing.T, d *database, target string, code app.Secret, now time.Duration) {
	t.Helper()
	ref, _, err := d.Codes.Check(t.Context(), target, code, at(now))
	requireKind(t, app.CodeWrong, err)
	require.ErrorIs(t, err, app.ErrCodeExpired)
	require.Zero(t, ref)
}

// right checks a code that is.
func right(t *testing.T, d *database, target string, code app.Secret, now time.Duration) app.CodeRef {
	t.Helper()
	ref, _, err := d.Codes.Check(t.Context(), target, code, at(now))
	require.NoError(t, err)
	return ref
}

func codeLife(t *testing.T, d *database) {
	requireWrong(t, d, target, rightCode, 0)
	requireWrong(t, d, target, "", 0)
	put(t, d, target, rightCode, 0)
	requireWrong(t, d, target, "", 0)
	requireWrong(t, d, target, wrongCode, 0)
	requireWrong(t, d, "mail:bob@example.com", rightCode, 0)
	ref := right(t, d, target, rightCode, 0)
	require.Equal(t, ref, right(t, d, target, rightCode, 5*time.Minute-time.Microsecond), "checking does not use it up")
	requireExpired(t, d, target, rightCode, 5*time.Minute)
	requireKind(t, app.CodeWrong, d.Codes.Redeem(t.Context(), ref, at(5*time.Minute)))

	require.NoError(t, d.Codes.Redeem(t.Context(), ref, at(0)))
	requireKind(t, app.CodeWrong, d.Codes.Redeem(t.Context(), ref, at(0)))
	requireWrong(t, d, target, rightCode, 0)
	for range 2 {
		require.NoError(t, d.Codes.GiveBack(t.Context(), ref))
		require.Equal(t, ref, right(t, d, target, rightCode, 0))
	}
	require.NoError(t, d.Codes.Redeem(t.Context(), ref, at(0)))
	requireKind(t, app.CodeWrong, d.Codes.Redeem(t.Context(), app.CodeRef{ID: 1 << 40}, at(0)))
	requireKind(t, app.CodeWrong, d.Codes.Redeem(t.Context(), app.CodeRef{}, at(0)))
	require.NoError(t, d.Codes.GiveBack(t.Context(), app.CodeRef{ID: 1 << 40}))
}

func codeReplaced(t *testing.T, d *database) {
	put(t, d, target, rightCode, 0)
	put(t, d, "mail:bob@example.com", rightCode, 0)
	former := right(t, d, target, rightCode, 0)
	put(t, d, target, wrongCode, time.Second)
	requireWrong(t, d, target, rightCode, time.Second)
	requireKind(t, app.CodeWrong, d.Codes.Redeem(t.Context(), former, at(time.Second)))
	require.NoError(t, d.Codes.GiveBack(t.Context(), former))
	requireWrong(t, d, target, rightCode, time.Second)
	latter := right(t, d, target, wrongCode, time.Second)
	require.NotEqual(t, former, latter)
	require.NoError(t, d.Codes.Redeem(t.Context(), latter, at(time.Second)))
	put(t, d, target, rightCode, 2*time.Second)
	right(t, d, target, rightCode, 2*time.Second)
	right(t, d, "mail:bob@example.com", rightCode, 2*time.Second)
}

// codeExpired: a code that has run out is told apart from a wrong one to whoever
// has it, if nobody redeemed, replaced or guessed at it too often.
func codeExpired(t *testing.T, d *database) {
	put(t, d, target, rightCode, 0)
	for range totalTries - 1 {
		requireWrong(t, d, target, wrongCode, 5*time.Minute)
	}
	requireExpired(t, d, target, rightCode, 24*time.Hour)
	requireWrong(t, d, target, wrongCode, 5*time.Minute)
	requireWrong(t, d, target, rightCode, 5*time.Minute)

	put(t, d, target, rightCode, 0)
	require.NoError(t, d.Codes.Redeem(t.Context(), right(t, d, target, rightCode, 0), at(0)))
	requireWrong(t, d, target, rightCode, 5*time.Minute)
	put(t, d, target, rightCode, 0)
	put(t, d, target, wrongCode, 0)
	requireWrong(t, d, target, rightCode, 5*time.Minute)
}

func codeTries(t *testing.T, d *database) {
	put(t, d, target, rightCode, 0)
	put(t, d, "other", rightCode, 0)
	for range totalTries - 1 {
		requireWrong(t, d, target, wrongCode, 0)
	}
	ref := right(t, d, target, rightCode, 0)
	requireWrong(t, d, target, wrongCode, 0)
	requireWrong(t, d, target, rightCode, 0)
	require.NoError(t, d.Codes.Redeem(t.Context(), ref, at(0)), "it was right before")
	require.NoError(t, d.Codes.GiveBack(t.Context(), ref))
	requireWrong(t, d, target, rightCode, 0)
	right(t, d, "other", rightCode, 0)
	put(t, d, target, rightCode, time.Second)
	right(t, d, target, rightCode, time.Second)
}

// codePurpose keeps each code's purpose with it.
func codePurpose(t *testing.T, d *database) {
	for i, purpose := range []app.Purpose{app.ForReset, app.AnyPurpose, app.ForMobileChange} {
		code := app.Secret(fmt.Sprintf("CODE%02d", i))
		require.NoError(t, d.Codes.Put(t.Context(), target, purpose, code, at(time.Minute), at(0)))
		_, stored, err := d.Codes.Check(t.Context(), target, code, at(0), purpose, app.ForSignIn)
		require.NoError(t, err)
		require.Equal(t, purpose, stored)
		_, stored, err = d.Codes.Check(t.Context(), target, wrongCode, at(0), purpose)
		requireKind(t, app.CodeWrong, err)
		require.Empty(t, stored)
	}
}

// codeOfEachPurpose keeps one live code for each purpose of a target.
func codeOfEachPurpose(t *testing.T, d *database) {
	const reset, signIn, later = app.Secret("RESET2"), app.Secret("SIGNN2"), app.Secret("SIGNN3")
	put := func(purpose app.Purpose, code app.Secret) {
		t.Helper()
		require.NoError(t, d.Codes.Put(t.Context(), target, purpose, code, at(time.Minute), at(0)))
	}
	requireCheck := func(good bool, code app.Secret, purposes ...app.Purpose) app.CodeRef {
		t.Helper()
		ref, _, err := d.Codes.Check(t.Context(), target, code, at(0), purposes...)
		if !good {
			requireKind(t, app.CodeWrong, err)
			return ref
		}
		require.NoError(t, err)
		return ref
	}
	put(app.ForReset, reset)
	put(app.ForSignIn, signIn)
	put(app.AnyPurpose, rightCode)
	put(app.ForSignIn, later)
	requireCheck(true, reset, app.ForReset)
	requireCheck(false, reset, app.ForSignIn)
	requireCheck(false, reset)
	requireCheck(false, signIn, app.ForSignIn)
	requireCheck(true, rightCode, app.ForSignIn)
	requireCheck(true, rightCode)
	ref := requireCheck(true, later, app.ForRegistration, app.ForSignIn)

	require.NoError(t, d.Codes.Redeem(t.Context(), ref, at(0)))
	requireCheck(false, later, app.ForSignIn)
	requireCheck(true, reset, app.ForReset)
	for range totalTries {
		requireCheck(false, wrongCode, app.ForReset)
	}
	requireCheck(false, reset, app.ForReset)
	requireCheck(false, rightCode, app.ForReset)
	put(app.ForReset, reset)
	requireCheck(true, reset, app.ForReset)
	require.NoError(t, d.Codes.Withdraw(t.Context(), target, reset))
	requireCheck(false, reset, app.ForReset)
}

// codeGuessed guesses many times at once: no guess more counts than a code takes.
func codeGuessed(t *testing.T, d *database) {
	put(t, d, target, rightCode, 0)
	for range totalTries / 2 {
		requireWrong(t, d, target, wrongCode, 0)
	}
	codes := []app.Codes{d.Codes, d.replica(t).Codes}
	race(racers, func(i int) error {
		_, _, err := codes[i%2].Check(context.Background(), target, wrongCode, at(0))
		return err
	})
	var tries int
	require.NoError(t, d.raw.Get(&tries, "SELECT tries FROM codes"))
	require.Equal(t, totalTries, tries)
	requireWrong(t, d, target, rightCode, 0)
}

func codeWithdrawn(t *testing.T, d *database) {
	ctx := t.Context()
	require.NoError(t, d.Codes.Withdraw(ctx, target, rightCode), "absent is done")
	require.NoError(t, d.Codes.Put(ctx, target, app.AnyPurpose, rightCode, at(time.Minute), at(0)))
	require.NoError(t, d.Codes.Withdraw(ctx, target, wrongCode), "another's: nothing is done")
	require.NoError(t, d.Codes.Withdraw(ctx, "other", rightCode))
	ref := right(t, d, target, rightCode, 0)
	for range 2 {
		require.NoError(t, d.Codes.Withdraw(ctx, target, rightCode))
		requireWrong(t, d, target, rightCode, 0)
	}
	requireKind(t, app.CodeWrong, d.Codes.Redeem(ctx, ref, at(0)))
	require.NoError(t, d.Codes.Put(ctx, target, app.AnyPurpose, rightCode, at(time.Minute), at(0)))

	ref = right(t, d, target, rightCode, 0)
	require.NoError(t, d.Codes.Redeem(ctx, ref, at(0)))
	require.NoError(t, d.Codes.Withdraw(ctx, target, rightCode))
	requireWrong(t, d, target, rightCode, 0)

	put(t, d, target, wrongCode, 0)
	put(t, d, target, rightCode, 0)
	require.NoError(t, d.Codes.Withdraw(ctx, target, wrongCode), "it was replaced")
	right(t, d, target, rightCode, 0)
	require.NoError(t, d.Codes.Withdraw(ctx, target, rightCode))
	requireWrong(t, d, target, wrongCode, 0)
}

// codeInside uses codes in transactions that fail.
func codeInside(t *testing.T, d *database) {
	put(t, d, target, rightCode, 0)
	ref := right(t, d, target, rightCode, 0)
	failing := func(work func(ctx context.Context) error) {
		t.Helper()
		err := d.Journal.Begin(t.Context(), writing(running("saga"), func(ctx context.Context) error {
			require.NoError(t, work(ctx))
			return errOfTest
		}))
		require.ErrorIs(t, err, errOfTest)
	}
	failing(func(ctx context.Context) error { return d.Codes.Redeem(ctx, ref, at(0)) })
	right(t, d, target, rightCode, 0)
	failing(func(ctx context.Context) error {
		return d.Codes.Put(ctx, target, app.AnyPurpose, wrongCode, at(time.Minute), at(0))
	})
	right(t, d, target, rightCode, 0)
	failing(func(ctx context.Context) error { return d.Codes.Withdraw(ctx, target, rightCode) })
	right(t, d, target, rightCode, 0)
	require.NoError(t, d.Codes.Redeem(t.Context(), ref, at(0)))
	failing(func(ctx context.Context) error { return d.Codes.GiveBack(ctx, ref) })
	requireWrong(t, d, target, rightCode, 0)
}

func codeSealed(t *testing.T, d *database) {
	put(t, d, target, rightCode, 0)
	put(t, d, "other", wrongCode, 0)
	var raw []byte
	require.NoError(t, d.raw.Get(&raw, "SELECT code FROM codes WHERE target = 'other'"))
	require.NotEmpty(t, raw)
	require.NotContains(t, string(raw), wrongCode.Reveal())
	d.exec(t, "UPDATE codes SET code = ? WHERE target = ?", raw, target)
	_, _, err := d.Codes.Check(t.Context(), target, wrongCode, at(0))
	requireKind(t, app.Internal, err)

	other := openStore(t, store.Options{Driver: d.options.Driver, DSN: d.options.DSN, Sealer: NewSealer()})
	_, _, err = other.Codes.Check(t.Context(), "other", wrongCode, at(0))
	requireKind(t, app.Internal, err)
	put(t, d, "other", rightCode, 0)
	var kept int
	require.NoError(t, d.raw.Get(&kept, "SELECT COUNT(code) FROM codes WHERE target = 'other'"))
	require.Equal(t, 1, kept, "a replaced one is not kept")
}

// codePruned puts codes day after day.
func codePruned(t *testing.T, d *database) {
	const perDay = 5
	for day := range 6 {
		for i := range perDay {
			put(t, d, fmt.Sprint("target", day, i), rightCode, time.Duration(day)*25*time.Hour)
		}
		var rows int
		require.NoError(t, d.raw.Get(&rows, "SELECT COUNT(*) FROM codes"))
		require.Equal(t, perDay, rows)
	}
}

func codeRedeemRace(t *testing.T, d *database) {
	codes := []app.Codes{d.Codes, d.replica(t).Codes}
	for range 5 {
		put(t, d, target, rightCode, 0)
		ref := right(t, d, target, rightCode, 0)
		requireOneWinner(t, app.CodeWrong, race(racers, func(i int) error {
			return codes[i%2].Redeem(context.Background(), ref, at(0))
		}))
	}
}

// codePutRace puts codes for a target that had none: the last of them is the live
// one.
func codePutRace(t *testing.T, d *database) {
	stores := []app.Codes{d.Codes, d.replica(t).Codes}
	results := race(racers, func(i int) error {
		code := app.Secret(fmt.Sprintf("CODE%02d", i))
		return stores[i%2].Put(context.Background(), target, app.AnyPurpose, code, at(time.Minute), at(0))
	})
	require.NoError(t, errors.Join(results...))
	var rows, live int
	require.NoError(t, d.raw.Get(&rows, "SELECT COUNT(*) FROM codes"))
	require.Equal(t, racers, rows)
	require.NoError(t, d.raw.Get(&live, "SELECT COUNT(*) FROM codes WHERE code IS NOT NULL"))
	require.Equal(t, 1, live)
}
