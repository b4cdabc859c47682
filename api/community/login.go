package community

import (
	"context"
	"strings"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
	"accord/saga"
)

// login takes a user name for an address too: who registered elsewhere may have
// no other that he knows.
func (d *dialect) login(c echo.Context) error {
	in, err := body.Decode[loginRequest](c, d.validate)
	if err != nil {
		return err
	}
	credentials := d.credentials(c, in.Email)
	credentials.Password = in.Password.Secret()
	if !strings.Contains(credentials.Email, "@") {
		credentials.Username, credentials.Email = credentials.Email, ""
	}
	return d.enter(c, d.service.SignIn, credentials)
}

func (d *dialect) loginByCode(c echo.Context) error {
	in, err := body.Decode[loginByCodeRequest](c, d.validate)
	if err != nil {
		return err
	}
	credentials := d.credentials(c, in.Email)
	credentials.Code = in.Code.Secret()
	return d.enter(c, d.service.SignInByCode, credentials)
}

func (d *dialect) credentials(c echo.Context, email body.Value) app.Credentials {
	in := app.Credentials{
		Email: strings.TrimSpace(email.Text()), TTL: sessionTTL, HumanCheck: true,
		IP: c.RealIP(), Device: api.Device(c.Request().Header),
	}
	if d.pair {
		in.AccessTTL = accessTTL
	}
	return in
}

// enter opens a session. Where the pair is turned on the answer has the tokens
// of both versions, since nothing in a request tells which one the client is of.
func (d *dialect) enter(
	c echo.Context, signIn func(context.Context, app.Credentials) (app.SignedIn, saga.Receipt, error), with app.Credentials,
) error {
	in, receipt, err := signIn(c.Request().Context(), with)
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	answer := signedInAnswer{
		AccessToken: in.ShortToken.Reveal(), RefreshToken: in.RefreshToken.Reveal(),
		Token: in.AccessToken.Reveal(), SystemsAnswer: api.NewSystemsAnswer(in),
	}
	return succeed(c, answer)
}

// refresh gives a client of version 1.0 the next access token.
func (d *dialect) refresh(c echo.Context) error {
	token, err := d.service.Refresh(c.Request().Context(), api.Token(c), accessTTL)
	if err != nil {
		return err
	}
	return succeed(c, tokenAnswer{Token: token.Reveal()})
}
