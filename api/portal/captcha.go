package portal

import (
	"cmp"

	"github.com/labstack/echo/v4"

	"accord/app"
)

// newCaptcha hands out a picture, which is good for one try after another until
// it is solved, for five minutes.
func (d *dialect) newCaptcha(c echo.Context) error {
	challenge, err := d.service.Challenge(c.Request().Context(), app.PictureChallenge, c.RealIP())
	if err != nil {
		return err
	}
	return succeed(c, captchaMade, captchaAnswer{CaptchaID: challenge.ID, Base64: dataURL(challenge)})
}

// solveCaptcha reads its parameters as the document spells them, and sanely.
func (d *dialect) solveCaptcha(c echo.Context) error {
	err := d.service.Solve(c.Request().Context(), app.Solution{
		ID:     cmp.Or(c.QueryParam("capachaId"), c.QueryParam("captchaId")),
		Answer: cmp.Or(c.QueryParam("capachaVal"), c.QueryParam("captchaVal")),
		Kind:   app.PictureChallenge, Client: c.RealIP(),
	})
	if err != nil {
		return err
	}
	return succeed(c, captchaRight, "")
}
