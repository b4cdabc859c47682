package registry

import (
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/app"
)

func (d *dialect) checkEmailPwd(c echo.Context) error { return d.check(c, true, byMail, d.mailCode) }

func (d *dialect) checkEmail(c echo.Context) error { return d.check(c, false, byMail, d.mailCode) }

func (d *dialect) checkPhonePwd(c echo.Context) error { return d.check(c, true, byPhone, d.smsCode) }

func (d *dialect) checkPhone(c echo.Context) error { return d.check(c, false, byPhone, d.smsCode) }

// byMail and byPhone leave of a newcomer only what the endpoint is about: what
// else is taken is not for it to reveal.
func byMail(in app.Registration) (app.Registration, error) {
	if in.Email == "" {
		return in, invalid("email", app.NotBlank)
	}
	in.Username, in.NoUsername, in.Country, in.Mobile = "", true, "", ""
	return in, nil
}

func byPhone(in app.Registration) (app.Registration, error) {
	if in.Mobile == "" {
		return in, invalid("phone", app.NotBlank)
	}
	in.Username, in.NoUsername, in.Email = "", true, ""
	return in, nil
}

// check judges a form that is not whole yet, in the document's order: password,
// well-formedness, invitation, whether its target is taken. Then it sends a code.
func (d *dialect) check(c echo.Context, password bool, target func(app.Registration) (app.Registration, error),
	send func(echo.Context, userRequest, app.Purpose) error,
) error {
	in, err := d.decodeUser(c)
	if err == nil && password {
		_, err = in.newPassword()
	}
	if err == nil {
		err = broken(in.faults())
	}
	if err == nil {
		_, err = target(in.newcomer())
	}
	if err != nil {
		return err
	}
	newcomer, err := d.invited(c.Request().Context(), in)
	if err == nil {
		newcomer, err = target(newcomer)
	}
	if err == nil {
		err = d.service.CheckNewcomer(c.Request().Context(), newcomer)
	}
	if err == nil {
		err = send(c, in, app.ForRegistration)
	}
	if err != nil {
		return err
	}
	return done(c)
}

func (d *dialect) mailCode(c echo.Context, in userRequest, purpose app.Purpose) error {
	receipt, err := d.service.SendMailCode(c.Request().Context(), in.Email.Text(), purpose, api.Language(c))
	api.SetReceipt(c, receipt)
	return err
}

func (d *dialect) smsCode(c echo.Context, in userRequest, purpose app.Purpose) error {
	receipt, err := d.service.SendSMSCode(c.Request().Context(), country, in.Phone.Text(), purpose, c.RealIP(), api.Language(c))
	api.SetReceipt(c, receipt)
	return err
}
