package api_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/saga"
)

// TestSagasAreToldWhereTheyCameFrom: by the dialect that serves the request,
// under the id that the log has.
func TestSagasAreToldWhereTheyCameFrom(t *testing.T) {
	var origin saga.Origin
	handler := func(c echo.Context) error {
		origin = saga.OriginOf(c.Request().Context())
		return c.NoContent(http.StatusOK)
	}
	h := serve(t, api.Options{
		Dialects: []api.Dialect{
			plain("main", "/api/", post("/api/x", handler, "application/json")),
			plain("forms", "/api/", post("/api/x", handler, "application/x-www-form-urlencoded")),
		},
		NewRequestID: func() string { return "drawn" },
	})
	for _, tt := range []struct{ mediaType, id, channel, want string }{
		{"application/json", "r-1", "main", "drawn"},
		{"application/x-www-form-urlencoded", "", "forms", "drawn"},
		{"application/json", "13800 138000", "main", "drawn"},
	} {
		answer(h, request("POST", "/api/x", "", "Content-Type", tt.mediaType, "X-Request-Id", tt.id))
		require.Equal(t, saga.Origin{Channel: tt.channel, Request: tt.want}, origin)
	}
}
