package infinite

import (
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

// emailVerifyCode mails a code. The document has one call for a reset and for
// another address, so the code serves both.
func (d *dialect) emailVerifyCode(c echo.Context) error {
	in, err := body.Decode[mailCodeRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.SendMailCode(c.Request().Context(), in.Email.Text(), app.AnyPurpose, api.Language(c))
	return done(c, receipt, err)
}

// generateSmsCode sends a code to a number that is to be bound: the document uses
// it for nothing else.
func (d *dialect) generateSmsCode(c echo.Context) error {
	in, err := body.Decode[smsCodeRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.SendSMSCode(
		c.Request().Context(), in.InternationalCode.Text(), in.Mobile.Text(), app.ForMobileChange, c.RealIP(), api.Language(c))
	return done(c, receipt, err)
}
