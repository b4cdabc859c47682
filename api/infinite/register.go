package infinite

import (
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

func (d *dialect) registerIndividual(c echo.Context) error {
	in, err := body.Decode[registerRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.Register(c.Request().Context(), app.Registration{
		Username: in.Username.Text(), Email: in.Email.Text(), Password: in.Password.Secret(), Language: api.Language(c),
	})
	return done(c, receipt, err)
}
