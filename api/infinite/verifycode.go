package infinite

import (
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
)

func (d *dialect) emailVerifyCode(c echo.Context) error {
	in, err := body.Decode[mailCodeRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.SendMailCode(c.Request().Context(), in.Email.Text(), api.Language(c))
	return done(c, receipt, err)
}

func (d *dialect) generateSmsCode(c echo.Context) error {
	in, err := body.Decode[smsCodeRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.SendSMSCode(
		c.Request().Context(), in.InternationalCode.Text(), in.Mobile.Text(), c.RealIP(), api.Language(c))
	return done(c, receipt, err)
}
