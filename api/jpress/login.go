package jpress

import (
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

// maxAccount bounds a name or address, in characters.
const maxAccount = 255

func (d *dialect) login(c echo.Context) error {
	in, err := readCredentials(c)
	if err != nil {
		return err
	}
	entered, receipt, err := d.Service.SignIn(c.Request().Context(), in)
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	return succeed(c, newSignedInAnswer(entered))
}

func readCredentials(c echo.Context) (app.Credentials, error) {
	in := app.Credentials{IP: c.RealIP(), Device: api.Device(c.Request().Header)}
	account, err := formValue(c, "loginAccount")
	if err != nil {
		return in, err
	}
	password, err := formValue(c, "password")
	account = strings.TrimSpace(account)
	switch {
	case err != nil:
		return in, err
	case account == "":
		return in, violation("loginAccount", app.NotBlank)
	case utf8.RuneCountInString(account) > maxAccount:
		return in, violation("loginAccount", app.Length)
	case !body.Printable(account):
		return in, violation("loginAccount", app.Pattern)
	case password == "":
		return in, violation("password", app.NotBlank)
	case utf8.RuneCountInString(password) > app.MaxPasswordChecked:
		return in, violation("password", app.Length)
	}
	in.Username, in.Password = account, app.Secret(password)
	if strings.Contains(account, "@") {
		in.Username, in.Email = "", account
	}
	return in, nil
}
