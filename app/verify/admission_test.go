package verify_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app/verify"
)

// anyNumber are budgets that admit everything, and remember nothing.
type anyNumber struct{}

func (anyNumber) Charge(context.Context, []verify.Charge, time.Time) ([]verify.Hold, error) {
	return nil, nil
}

func (anyNumber) Settle(context.Context, []string, []verify.Receipt) error { return nil }

// counted counts outcomes by limit.
type counted map[string]int

func newCounted() (*verify.Admission, counted) {
	c := counted{}
	return verify.New(verify.Options{
		Budgets: anyNumber{}, Now: func() time.Time { return noon(0) },
		Observe: func(limit, outcome string) { c[limit+" "+outcome]++ },
	}), c
}

func TestEveryReturnIsCounted(t *testing.T) {
	a, counts := newCounted()
	receipts, err := a.Charge(t.Context(), verify.Charge{Key: "k", Limit: verify.Quota("messages", 3, time.Hour)})
	require.NoError(t, err)
	require.NoError(t, a.Return(t.Context(), receipts))
	require.NoError(t, a.Return(t.Context(), []verify.Receipt{{Key: "k", At: noon(0)}}), "of an earlier release")
	require.Equal(t, counted{"messages admitted": 1, "messages returned": 1}, counts)
}

func TestWhatAnAnswerSpends(t *testing.T) {
	charges := func() []verify.Charge {
		return []verify.Charge{
			{Key: "guess", Limit: verify.Quota("guess", 3, time.Hour)},
			{Key: "row", Limit: verify.Quota("row", 3, time.Hour), Resets: true},
			{Key: "opened", Limit: verify.Quota("opened", 3, time.Hour), CountsRight: true},
		}
	}
	all := counted{"guess admitted": 1, "row admitted": 1, "opened admitted": 1}
	for name, check := range map[string]struct {
		right    bool
		err      error
		returned []string
		spent    int
	}{
		"right":  {true, nil, []string{"guess", "row"}, 1},
		"wrong":  {false, nil, []string{"opened"}, 0},
		"failed": {false, context.Canceled, []string{"guess", "row", "opened"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a, counts := newCounted()
			right, spent, err := a.Spend(t.Context(), "lane", charges(), func() (bool, error) { return check.right, check.err })
			require.ErrorIs(t, err, check.err)
			require.Equal(t, check.right, right)
			require.Len(t, spent, check.spent)
			want := counted{}
			for k, n := range all {
				want[k] = n
			}
			for _, limit := range check.returned {
				want[limit+" returned"] = 1
			}
			require.Equal(t, want, counts)
		})
	}
}
