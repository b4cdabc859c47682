package minio_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/breaker"
	"accord/adapters/minio"
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

func behindBreaker(t *testing.T, handler http.Handler, back func(*http.Request) bool) *minio.Storage {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	o := goodOptions()
	o.Endpoint = server.URL
	o.Breaker = func(next http.RoundTripper) http.RoundTripper { return keeping{next, back} }
	return open(t, o)
}

// What a breaker keeps back had no effect; what went before it had.
func TestKeptBackIsRefused(t *testing.T) {
	for opName, op := range operations {
		t.Run(opName, func(t *testing.T) {
			t.Parallel()
			unwanted := func(http.ResponseWriter, *http.Request) { t.Error("a request came by") }
			s := behindBreaker(t, http.HandlerFunc(unwanted), func(*http.Request) bool { return true })
			err := op.try(t.Context(), s)
			requireFailure(t, err, true)
			require.ErrorContains(t, err, "circuit breaker")

			s = behindBreaker(t, goodServer(), func(r *http.Request) bool { return called(r) == op.call })
			requireFailure(t, op.try(t.Context(), s), !op.late)
		})
	}
}

func TestPingGoesPastTheBreaker(t *testing.T) {
	s := behindBreaker(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), func(*http.Request) bool { return true })
	require.NoError(t, s.Ping(t.Context()))
}
