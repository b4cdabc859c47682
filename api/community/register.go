package community

import (
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

// sendCode mails a code to a client that has solved the human check. The document
// has one call for registration, sign-in and reset, so the code serves all.
func (d *dialect) sendCode(c echo.Context) error {
	in, err := body.Decode[codeRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.SendMailCodeToHuman(c.Request().Context(), in.Email.Text(), app.AnyPurpose, c.RealIP(), api.Language(c))
	return done(c, receipt, err)
}

// register makes an account without a user name of its person's choice.
func (d *dialect) register(c echo.Context) error {
	in, err := body.Decode[registerRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.Register(c.Request().Context(), app.Registration{
		NoUsername: true, Email: in.Email.Text(), EmailCode: in.Code.Secret(), Password: in.Password.Secret(),
		Language: api.Language(c),
	})
	return done(c, receipt, err)
}
