package jpress

import (
	"cmp"

	"github.com/labstack/echo/v4"

	"accord/api"
)

// detail is for oneself or an administrator. The document leaves open how the
// number is sent: by form or query.
func (d *dialect) detail(c echo.Context) error {
	who, err := d.Service.Authenticate(c.Request().Context(), api.Token(c))
	if err != nil {
		return err
	}
	sent, err := formValue(c, "id")
	if err != nil {
		return err
	}
	id, err := d.readID(c.Request().Context(), "id", cmp.Or(sent, c.QueryParam("id")))
	if err != nil {
		return err
	}
	person, err := d.Service.PersonDetail(c.Request().Context(), who, id)
	if err != nil {
		return err
	}
	return succeed(c, detailAnswer{State: ok, User: d.user(person)})
}
