package community

import (
	"encoding/base64"
	"encoding/json"

	"github.com/labstack/echo/v4"

	"accord/api/body"
	"accord/app"
)

// newCaptcha hands out a picture with a hole, and the piece that fits into it.
func (d *dialect) newCaptcha(c echo.Context) error {
	challenge, err := d.service.Challenge(c.Request().Context(), app.SliderChallenge, c.RealIP())
	if err != nil {
		return err
	}
	return succeed(c, captchaAnswer{
		CaptchaID: challenge.ID, Background: dataURL(challenge.Image), Piece: dataURL(challenge.Piece),
		Y: challenge.PieceTop, Size: challenge.PieceSize, Width: challenge.Width, Height: challenge.Height,
	})
}

// dataURL is a PNG as an img element shows it.
func dataURL(png []byte) string {
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(png)
}

func (d *dialect) solveCaptcha(c echo.Context) error {
	in, err := body.Decode[solutionRequest](c, d.validate)
	if err != nil {
		return err
	}
	err = d.service.Solve(c.Request().Context(), app.Solution{
		ID: in.CaptchaID.Text(), Kind: app.SliderChallenge, Answer: in.place(), Client: c.RealIP(), Typed: in.Email.Text(),
	})
	if err != nil {
		return err
	}
	return succeed(c, nil)
}

// maxPlace bounds what is read as a number, in bytes.
const maxPlace = 32

// place is the solution as it was written, be it a number or a text.
func (r solutionRequest) place() string {
	text := r.X.Text()
	if raw, ok := r.X.Sent.(json.RawMessage); ok {
		text = string(raw)
	}
	return text[:min(len(text), maxPlace)]
}
