package api_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/app"
)

func TestRequestsAreObservedInBoundedWords(t *testing.T) {
	var seen []api.Answered
	h := serve(t, api.Options{
		Dialects: []api.Dialect{plain("a", "/", post("/users/:id", says("yes")), post("/fails", fails(&app.Error{Kind: app.UserTaken})))},
		Observe: func(a api.Answered) {
			require.Positive(t, a.Took)
			a.Took = 0
			seen = append(seen, a)
		},
	})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, r := range []*http.Request{
		request(http.MethodPost, "/users/alice", ""), request(http.MethodPost, "/fails", ""), request(http.MethodGet, "/no/such/path", ""),
		request("BREW", "/users/bob", ""), request(http.MethodPost, "/fails", "").WithContext(gone),
	} {
		answer(h, r)
	}
	for i, a := range seen {
		require.NotContains(t, a.Route, "alice")
		require.NotContains(t, a.Route, "such", i)
		require.NotContains(t, a.Route, "bob")
	}
	require.Len(t, seen, 5)
	require.Equal(t, api.Answered{Method: http.MethodPost, Route: "/users/:id", Status: http.StatusOK, Outcome: "ok"}, seen[0])
	require.Equal(t, api.Answered{Method: http.MethodPost, Route: "/fails", Status: http.StatusOK, Outcome: app.UserTaken.String()}, seen[1])
	require.Equal(t, api.Answered{Method: http.MethodGet, Status: http.StatusNotFound, Outcome: "http"}, seen[2])
	require.Equal(t, "other", seen[3].Method)
	require.Equal(t, "gone", seen[4].Outcome)
}
