package portal

import (
	"bytes"
	"io"
	"strings"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

// verifyOrModify serves two calls that the document has at one path: a body
// with a password changes it, the other verifies an address.
func (d *dialect) verifyOrModify(c echo.Context) error {
	sent, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	reread := func() { c.Request().Body = io.NopCloser(bytes.NewReader(sent)) }
	reread()
	in, err := body.Decode[verifyOrModifyRequest](c, d.validate)
	if err != nil {
		return err
	}
	reread()
	if in.modifies() {
		return d.modify(c)
	}
	return d.verify(c)
}

func (d *dialect) verify(c echo.Context) error {
	in, err := body.Decode[verifyRequest](c, d.validate)
	if err != nil {
		return err
	}
	token, err := d.service.VerifyForReset(c.Request().Context(), in.Email.Text(), in.Code.Secret())
	if err != nil {
		return err
	}
	return succeed(c, verified, tokenAnswer{Token: token.Reveal()})
}

// modify sets a password by the token that verify gave, and signs in by it. The
// change stays if that sign-in fails: its token is then empty, and the message
// says to sign in.
func (d *dialect) modify(c echo.Context) error {
	in, err := body.Decode[modifyRequest](c, d.validate)
	if err != nil {
		return err
	}
	if in.RePassword.Text() != in.Password.Text() {
		return differ
	}
	account, receipt, err := d.service.ResetByToken(c.Request().Context(), app.TokenReset{
		Token: api.Token(c), Username: strings.TrimSpace(in.Username.Text()), New: in.Password.Secret(),
	})
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	entry := credentials(c, in.Username, in.Password)
	entry.Username, entry.Email = "", account.Email // the token was given for an address
	entered, _, err := d.service.SignIn(c.Request().Context(), entry)
	if err != nil {
		return succeed(c, signInAgain, tokenAnswer{})
	}
	return succeed(c, modified, newSignedInAnswer(entered))
}
