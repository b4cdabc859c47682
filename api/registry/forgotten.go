package registry

import (
	"errors"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/app"
)

// findUsername mails the user name to its owner.
func (d *dialect) findUsername(c echo.Context) error {
	in, err := sentForm(c)
	if err == nil && in.Email.Text() == "" {
		err = invalid("email", app.NotBlank)
	}
	if err != nil {
		return err
	}
	receipt, err := d.service.SendUsername(c.Request().Context(), in.Email.Text(), c.RealIP(), api.Language(c))
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	return done(c)
}

// findPassword sends a code to the address, else to the number.
func (d *dialect) findPassword(c echo.Context) error {
	in, err := sentForm(c)
	switch {
	case err != nil:
	case in.Email.Text() != "":
		err = d.mailCode(c, in, app.ForReset)
	case in.Phone.Text() != "":
		err = d.smsCode(c, in, app.ForReset)
	default:
		err = invalid("target", app.NotBlank)
	}
	if err != nil {
		return err
	}
	return done(c)
}

// sentForm reads the address and the number from the query or a form.
func sentForm(c echo.Context) (in userRequest, err error) {
	if err := c.Request().ParseForm(); err != nil {
		var tooLarge *echo.HTTPError
		if errors.As(err, &tooLarge) {
			return in, err
		}
		return in, &app.Error{Kind: app.Invalid, Op: "decode", Err: errors.New("the form is garbled")}
	}
	in.Email.Sent, in.Phone.Sent = c.Request().Form.Get("email"), c.Request().Form.Get("phone")
	in = in.normalised()
	return in, broken(in.targetFaults())
}

// resetPassword sets a password by the code of findPassword, verified before or
// not.
func (d *dialect) resetPassword(c echo.Context) error {
	in, err := d.decodeUser(c)
	var password app.Secret
	if err == nil {
		password, err = in.newPassword()
	}
	if err == nil {
		err = broken(in.targetFaults())
	}
	if err == nil && in.Email.Text() == "" && in.Phone.Text() == "" {
		err = invalid("target", app.NotBlank)
	}
	if err != nil {
		return err
	}
	receipt, err := d.service.ResetPassword(c.Request().Context(), app.PasswordReset{
		Email: in.Email.Text(), Country: country, Mobile: in.Phone.Text(), Code: in.Code.Secret(), New: password,
		Client: c.RealIP(), AfterVerify: true,
	})
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	return done(c)
}
