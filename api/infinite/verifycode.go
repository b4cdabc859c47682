package infinite

import "github.com/labstack/echo/v4"

func (d *dialect) emailVerifyCode(c echo.Context) error {
	in, err := decode[mailCodeRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.SendMailCode(c.Request().Context(), in.Email.text(), languageOf(c))
	return done(c, receipt, err)
}

func (d *dialect) generateSmsCode(c echo.Context) error {
	in, err := decode[smsCodeRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.SendSMSCode(
		c.Request().Context(), in.InternationalCode.text(), in.Mobile.text(), c.RealIP(), languageOf(c))
	return done(c, receipt, err)
}
