package registry

import (
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

func (d *dialect) checkEmailPwd(c echo.Context) error { return d.check(c, true, d.mailCode) }

func (d *dialect) checkEmail(c echo.Context) error { return d.check(c, false, d.mailCode) }

func (d *dialect) checkPhonePwd(c echo.Context) error { return d.check(c, true, d.smsCode) }

func (d *dialect) checkPhone(c echo.Context) error { return d.check(c, false, d.smsCode) }

// check judges a form that is not whole yet, in the document's order: password,
// well-formedness, invitation, what is taken. Then it sends a code.
func (d *dialect) check(c echo.Context, password bool, send func(echo.Context, userRequest) error) error {
	in, err := body.Decode[userRequest](c, d.validate)
	if err == nil && password {
		_, err = in.newPassword()
	}
	if err == nil {
		err = broken(in.faults())
	}
	if err != nil {
		return err
	}
	newcomer, err := d.invited(c.Request().Context(), in)
	if err == nil {
		err = d.service.CheckNewcomer(c.Request().Context(), newcomer)
	}
	if err == nil {
		err = send(c, in)
	}
	if err != nil {
		return err
	}
	return done(c)
}

func (d *dialect) mailCode(c echo.Context, in userRequest) error {
	if in.Email.Text() == "" {
		return invalid("email", app.NotBlank)
	}
	receipt, err := d.service.SendMailCode(c.Request().Context(), in.Email.Text(), api.Language(c))
	api.SetReceipt(c, receipt)
	return err
}

func (d *dialect) smsCode(c echo.Context, in userRequest) error {
	if in.Phone.Text() == "" {
		return invalid("phone", app.NotBlank)
	}
	receipt, err := d.service.SendSMSCode(c.Request().Context(), country, in.Phone.Text(), c.RealIP(), api.Language(c))
	api.SetReceipt(c, receipt)
	return err
}
