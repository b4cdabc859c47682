package infinite

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func TestComplaint(t *testing.T) {
	require.Equal(t, "request params[mobile] notBlank.", complaint(app.Violation{Field: "mobile", Rule: app.NotBlank}))
	require.Equal(t, "[internationalcode] dict error.",
		complaint(app.Violation{Field: "internationalCode", Rule: app.NotContainsDict}))
}
