package registry

import (
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

// verifyEmail redeems the code that the address was sent.
func (d *dialect) verifyEmail(c echo.Context) error {
	in, err := d.decodeUser(c)
	if err == nil && in.Email.Text() == "" {
		err = invalid("email", app.NotBlank)
	}
	if err != nil {
		return err
	}
	return d.verify(c, in, app.Target{Email: in.Email.Text()})
}

// verifyPhone redeems the code that the number was sent. The document names the
// number's parameter after the address.
func (d *dialect) verifyPhone(c echo.Context) error {
	in, err := d.decodeUser(c)
	if err == nil && in.Phone.Text() == "" {
		in.Phone, in.Email = in.Email, body.Value{}
		in = in.normalised()
	}
	if err == nil && in.Phone.Text() == "" {
		err = invalid("phone", app.NotBlank)
	}
	if err != nil {
		return err
	}
	return d.verify(c, in, app.Target{Country: country, Mobile: in.Phone.Text()})
}

// verify remembers which client redeemed the code: of others, only those that
// have the code can register with it.
func (d *dialect) verify(c echo.Context, in userRequest, target app.Target) error {
	err := broken(in.faults())
	if err == nil {
		target.Client = c.RealIP()
		err = d.service.VerifyTarget(c.Request().Context(), target, in.Code.Secret())
	}
	if err != nil {
		return err
	}
	return done(c)
}

// save makes the account of a newcomer who has verified what he gives.
func (d *dialect) save(c echo.Context) error {
	in, err := d.decodeUser(c)
	var password app.Secret
	if err == nil {
		err = broken(in.faults())
	}
	if err == nil {
		password, err = in.newPassword()
	}
	switch {
	case err != nil:
		return err
	case in.Email.Text() == "" && in.Phone.Text() == "":
		return invalid("target", app.NotBlank)
	}
	newcomer, err := d.invited(c.Request().Context(), in)
	if err != nil {
		return err
	}
	newcomer.Password, newcomer.Language = password, api.Language(c)
	newcomer.Proven, newcomer.Client, newcomer.ProofCode = true, c.RealIP(), in.Code.Secret()
	receipt, err := d.service.Register(c.Request().Context(), newcomer)
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	return done(c)
}
