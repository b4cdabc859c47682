package infinite

import (
	"github.com/labstack/echo/v4"

	"accord/api"
)

func (d *dialect) logout(c echo.Context) error {
	who, err := d.service.Authenticate(c.Request().Context(), api.Token(c))
	if err != nil {
		return err
	}
	receipt, err := d.service.SignOut(c.Request().Context(), who)
	return done(c, receipt, err)
}

func (d *dialect) getUserDetail(c echo.Context) error {
	who, err := d.service.Authenticate(c.Request().Context(), api.Token(c))
	if err != nil {
		return err
	}
	return succeed(c, d.detailAnswer(who))
}
