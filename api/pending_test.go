package api

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// TestWhatIsCommittedIsSuccess: work that is left to the background is announced,
// and is no failure.
func TestWhatIsCommittedIsSuccess(t *testing.T) {
	for want, pending := range map[string]error{
		"gitea":   &app.Error{Kind: app.DirectoryFailed},
		"storage": &app.Error{Kind: app.StorageFailed},
		"mail":    &app.Error{Kind: app.MailFailed},
		"accord":  errors.New("the journal"),
		"":        nil,
	} {
		w := httptest.NewRecorder()
		c := echo.New().NewContext(httptest.NewRequest(http.MethodPost, "/x", http.NoBody), w)
		receipt := saga.Receipt{ID: "saga-1", Pending: pending}
		SetReceipt(c, receipt)
		require.Equal(t, "saga-1", w.Header().Get(SagaHeader))
		require.Equal(t, want, w.Header().Get(PendingHeader))
		require.NoError(t, Outcome(receipt, pending))
	}
	failure := &app.Error{Kind: app.DirectoryFailed}
	require.ErrorIs(t, Outcome(saga.Receipt{ID: "saga-1"}, failure), failure)
}
