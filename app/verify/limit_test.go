package verify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app/verify"
)

var strict = verify.Limit{
	Name: "strict", Free: 5, Delay: time.Second, MaxDelay: 4 * time.Second, LockAfter: 9, LockFor: 15 * time.Minute,
}

func noon(d time.Duration) time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Add(d) }

func TestChargesMakeTheNextOneWait(t *testing.T) {
	limit := strict
	for spent, want := range map[int]time.Duration{
		0: 0, 4: 0, 5: time.Second, 6: 2 * time.Second, 7: 4 * time.Second, 8: 4 * time.Second,
		9: 15 * time.Minute, 1 << 30: 15 * time.Minute,
	} {
		require.Equal(t, want, limit.Wait(spent), spent)
	}
	limit.LockAfter = 0
	require.Equal(t, 4*time.Second, limit.Wait(1<<30), "without a lock")
	require.Zero(t, verify.Limit{Delay: time.Second, MaxDelay: time.Second, LockAfter: 1}.Wait(1<<30), "no limit")
}

// Of two charges that meet, the earlier one may be counted last.
func TestChargesThatMeetAreNotHeldUp(t *testing.T) {
	limit := verify.Limit{Free: 2, Delay: time.Second, MaxDelay: time.Second, LockAfter: 9, LockFor: time.Hour}
	count, wait := verify.Count{}.Next(limit, noon(time.Millisecond))
	require.Zero(t, wait)
	count, wait = count.Next(limit, noon(0))
	require.Zero(t, wait)
	require.Equal(t, verify.Count{Spent: 2, Last: noon(time.Millisecond), Ends: noon(time.Hour + time.Millisecond)}, count)
	_, wait = count.Next(limit, noon(0))
	require.Equal(t, time.Second+time.Millisecond, wait)
}

func TestAQuotaFreesAfterItsWindow(t *testing.T) {
	limit := verify.Quota("quota", 2, time.Hour)
	count, _ := verify.Count{}.Next(limit, noon(0))
	count, _ = count.Next(limit, noon(50*time.Minute))
	_, wait := count.Next(limit, noon(51*time.Minute))
	require.Equal(t, 9*time.Minute, wait)
	count, wait = count.Next(limit, noon(time.Hour))
	require.Zero(t, wait)
	require.Equal(t, 1, count.Spent)
}

func TestNetworks(t *testing.T) {
	for address, want := range map[string][2]string{
		"198.51.100.7":               {"198.51.100.7", "198.51.100.0/24"},
		"::ffff:198.51.100.7":        {"198.51.100.7", "198.51.100.0/24"},
		"2001:db8:1:2:3:4:5:6":       {"2001:db8:1:2::/64", "2001:db8:1::/48"},
		"fe80::1%eth0":               {"fe80::/64", "fe80::/48"},
		"":                           {"unknown", "unknown"},
		"198.51.100.7:443":           {"unknown", "unknown"},
		"2001:db8:1:ffff:ffff::dead": {"2001:db8:1:ffff::/64", "2001:db8:1::/48"},
	} {
		require.Equal(t, want, [2]string{verify.Network(address), verify.WideNetwork(address)}, address)
	}
}
