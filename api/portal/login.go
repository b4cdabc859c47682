package portal

import (
	"strings"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

func (d *dialect) login(c echo.Context) error {
	in, err := body.Decode[loginRequest](c, d.validate)
	if err != nil {
		return err
	}
	entered, receipt, err := d.service.SignIn(c.Request().Context(), credentials(c, in.Username, in.Password))
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	return succeed(c, signedIn, newSignedInAnswer(entered))
}

// credentials take an address for a name: who registered elsewhere may have no
// other that he knows.
func credentials(c echo.Context, username, password body.Value) app.Credentials {
	in := app.Credentials{
		Username: strings.TrimSpace(username.Text()), Password: password.Secret(), TTL: sessionTTL,
		IP: c.RealIP(), Device: api.Device(c.Request().Header),
	}
	if strings.Contains(in.Username, "@") {
		in.Username, in.Email = "", in.Username
	}
	return in
}
