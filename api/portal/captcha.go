package portal

import (
	"cmp"
	"encoding/base64"

	"github.com/labstack/echo/v4"

	"accord/app"
)

// newCaptcha hands out a picture of digits.
func (d *dialect) newCaptcha(c echo.Context) error {
	challenge, err := d.service.Challenge(c.Request().Context(), app.PictureChallenge, c.RealIP())
	if err != nil {
		return err
	}
	return succeed(c, captchaMade, captchaAnswer{CaptchaID: challenge.ID, Base64: dataURL(challenge.Image)})
}

// dataURL is a PNG as an img element shows it.
func dataURL(png []byte) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png)
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
