package infinite

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
	signedIn, receipt, err := d.service.SignIn(c.Request().Context(), app.Credentials{
		// A user name of blanks is as good as none; the address is meant then.
		Username: strings.TrimSpace(in.Username.Text()), Email: strings.TrimSpace(in.Email.Text()),
		Password: in.Password.Secret(), Keep: in.keep(),
		IP: c.RealIP(), Device: api.Device(c.Request().Header),
	})
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	return succeed(c, d.loginAnswer(signedIn))
}
