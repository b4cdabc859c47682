package gitea_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/breaker"
	"accord/adapters/gitea"
	"accord/app"
	"accord/saga"
)

// keeping passes on what it does not keep back.
type keeping struct {
	next http.RoundTripper
	back func(*http.Request) bool
}

func (k keeping) RoundTrip(r *http.Request) (*http.Response, error) {
	if k.back(r) {
		return nil, &breaker.Refusal{}
	}
	return k.next.RoundTrip(r)
}

// behindBreaker is a directory whose breaker keeps those requests back.
func behindBreaker(t *testing.T, handler http.HandlerFunc, back func(*http.Request) bool) *gitea.Directory {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return newDirectory(t, gitea.Options{
		URL: s.URL, AdminUser: "root", AdminPassword: adminPassword, AdminToken: adminToken,
		Breaker: func(next http.RoundTripper) http.RoundTripper { return keeping{next, back} },
	})
}

// What a breaker keeps back had no effect, whether it is all or only what writes.
func TestKeptBackIsRefused(t *testing.T) {
	unwanted := func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s", r.Method, r.URL) }
	all := behindBreaker(t, unwanted, func(*http.Request) bool { return true })
	for call, do := range calls(all) {
		err := do(t.Context())
		require.Equal(t, app.DirectoryFailed, app.KindOf(err), call)
		require.True(t, saga.IsRefused(err), "%s: %v", call, err)
		require.ErrorContains(t, err, "circuit breaker", call)
	}
	written := behindBreaker(t, look, func(r *http.Request) bool { return r.Method != http.MethodGet })
	for call, do := range writes(written) {
		err := do(t.Context())
		require.Equal(t, app.DirectoryFailed, app.KindOf(err), call)
		require.True(t, saga.IsRefused(err), "%s: %v", call, err)
	}
}

// A breaker that opens after the change takes nothing back.
func TestKeptBackAfterwardsIsUnknown(t *testing.T) {
	changed := false
	d := behindBreaker(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			changed = true
			_, _ = io.WriteString(w, ours)
			return
		}
		look(w, r)
	}, func(*http.Request) bool { return changed })
	err := d.SetPassword(t.Context(), amy, userPassword)
	require.True(t, changed)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.False(t, saga.IsRefused(err), "%v", err)
}

func TestPingGoesPastTheBreaker(t *testing.T) {
	d := behindBreaker(t, func(http.ResponseWriter, *http.Request) {}, func(*http.Request) bool { return true })
	require.NoError(t, d.Ping(t.Context()))
}
