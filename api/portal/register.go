package portal

import (
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

// sendEmailCode mails a code. The document has one call for registration and
// reset, so the code serves both.
func (d *dialect) sendEmailCode(c echo.Context) error {
	in, err := body.Decode[codeRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.SendMailCode(c.Request().Context(), in.Email.Text(), app.AnyPurpose, api.Language(c))
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	return succeed(c, codeSent, "")
}

// register makes an account and signs in to it. An account that is made stays
// where the sign-in fails: its token is then empty, and the message says to
// sign in.
func (d *dialect) register(c echo.Context) error {
	in, err := body.Decode[registerRequest](c, d.validate)
	if err != nil {
		return err
	}
	if in.RePassword.Text() != in.Password.Text() {
		return differ
	}
	receipt, err := d.service.Register(c.Request().Context(), app.Registration{
		Username: in.Username.Text(), Email: in.Email.Text(), EmailCode: in.Code.Secret(),
		Password: in.Password.Secret(), Language: api.Language(c),
	})
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	entered, _, err := d.service.SignIn(c.Request().Context(), credentials(c, in.Username, in.Password))
	if err != nil {
		return succeed(c, mustSignIn, tokenAnswer{})
	}
	return succeed(c, registered, newSignedInAnswer(entered))
}

// differ is the error of two passwords that are not the same.
var differ = &app.Error{
	Kind: app.Invalid, Op: "decode", Violations: []app.Violation{{Field: "repassword", Rule: app.Pattern}},
}
