package infinite

import (
	"github.com/labstack/echo/v4"

	"accord/app"
)

func (d *dialect) registerIndividual(c echo.Context) error {
	in, err := decode[registerRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.Register(c.Request().Context(), app.Registration{
		Username: in.Username.text(), Email: in.Email.text(), Password: in.Password.secret(), Language: languageOf(c),
	})
	return done(c, receipt, err)
}
