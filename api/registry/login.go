package registry

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

// login opens a session on all three systems. The document has no such call:
// without it nobody who has only this dialect could work with his account.
func (d *dialect) login(c echo.Context) error {
	in, err := body.Decode[loginRequest](c, d.validate)
	if err != nil {
		return err
	}
	credentials := in.credentials()
	if credentials.Username == "" && credentials.Email == "" && credentials.Mobile == "" {
		return invalid("target", app.NotBlank)
	}
	credentials.IP, credentials.Device = c.RealIP(), api.Device(c.Request().Header)
	entered, receipt, err := d.service.SignIn(c.Request().Context(), credentials)
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newSignedInAnswer(entered))
}

// credentials take an address for a name.
func (in loginRequest) credentials() app.Credentials {
	out := app.Credentials{
		Username: strings.TrimSpace(in.Username.Text()), Email: strings.TrimSpace(in.Email.Text()),
		Mobile: strings.TrimSpace(in.Phone.Text()), Country: country, Password: in.Password.Secret(),
	}
	if strings.Contains(out.Username, "@") {
		out.Username, out.Email = "", out.Username
	}
	return out
}
