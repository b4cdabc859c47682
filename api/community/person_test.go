package community

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// TestAnAccountIsMadeInTheZoneOfTheWire; a birthday is a day in any.
func TestAnAccountIsMadeInTheZoneOfTheWire(t *testing.T) {
	d := dialect{zone: time.FixedZone("", 8*60*60)}
	shown := d.user(app.Person{
		Account:    app.Account{CreatedAt: time.Date(2022, 8, 30, 20, 20, 32, 0, time.UTC)},
		Attributes: app.Attributes{Birthday: time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)},
	})
	require.Equal(t, []string{"2022-08-31 04:20:32", "1999-12-31 00:00:00"}, []string{shown.CreatedAt, shown.Birthday})
}
