package community

import (
	"cmp"

	"github.com/labstack/echo/v4"

	"accord/api/body"
	"accord/app"
)

// permitReset reads the address as the document spells its name, and sanely.
func (d *dialect) permitReset(c echo.Context) error {
	email := cmp.Or(c.QueryParam("eamil"), c.QueryParam("email"))
	if err := d.service.PermitReset(c.Request().Context(), email, c.RealIP()); err != nil {
		return err
	}
	return succeed(c, nil)
}

func (d *dialect) resetPassword(c echo.Context) error {
	in, err := body.Decode[passwordRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.ResetPassword(c.Request().Context(), app.PasswordReset{
		Email: in.Email.Text(), Code: in.Code.Secret(), New: in.Password.Secret(), NeedsPermit: true, Client: c.RealIP(),
	})
	return done(c, receipt, err)
}
