package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/app"
)

// TestRetryAfterIsWhatTheErrorKnows rounds up: a client that waits so long is let in.
func TestRetryAfterIsWhatTheErrorKnows(t *testing.T) {
	for _, tt := range []struct {
		err  app.Error
		want string
	}{
		{app.Error{Kind: app.TooOften}, "60"},
		{app.Error{Kind: app.TooOften, RetryAfter: time.Nanosecond}, "1"},
		{app.Error{Kind: app.TooOften, RetryAfter: 2 * time.Second}, "2"},
		{app.Error{Kind: app.TooOften, RetryAfter: 2*time.Second + time.Millisecond}, "3"},
		{app.Error{Kind: app.TooOften, RetryAfter: 15 * time.Minute}, "900"},
		{app.Error{Kind: app.Busy}, "1"},
		{app.Error{Kind: app.Busy, RetryAfter: time.Minute}, "60"},
		{app.Error{Kind: app.BadCredentials, RetryAfter: time.Minute}, ""},
	} {
		h := serve(t, api.Options{Dialects: []api.Dialect{
			plain("main", "/", post("/x", fails(fmt.Errorf("wrapped: %w", &tt.err)))),
		}})
		require.Equal(t, tt.want, answer(h, request("POST", "/x", "")).Header().Get("Retry-After"), "%+v", tt.err)
	}
}
