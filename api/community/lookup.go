package community

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"accord/app"
)

// other tells everybody what is public of a person.
func (d *dialect) other(c echo.Context) error {
	uid, err := strconv.ParseInt(c.QueryParam("uid"), 10, 64)
	if err != nil {
		return violated("uid", rule(c.QueryParam("uid")))
	}
	id, err := d.userID(c.Request().Context(), uid)
	if err != nil {
		return err
	}
	p, err := d.service.PersonByUserID(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return succeed(c, publicAnswer{publicUser{
		UID: uidOf(p.AccountID), Name: p.Nickname, Sign: p.Sign, Avatar: p.AvatarURL, Cover: p.Cover, Gender: p.Gender,
	}})
}

// rule is what is wrong with a number that cannot be read.
func rule(text string) app.Rule {
	if text == "" {
		return app.NotBlank
	}
	return app.TypeMismatch
}

func violated(field string, rule app.Rule) error {
	return &app.Error{Kind: app.Invalid, Op: "decode", Violations: []app.Violation{{Field: field, Rule: rule}}}
}

func (d *dialect) idOfName(c echo.Context) error {
	name := c.QueryParam("name")
	if name == "" {
		return violated("name", app.NotBlank)
	}
	p, err := d.service.PersonByName(c.Request().Context(), name)
	if err != nil {
		return err
	}
	return succeed(c, idAnswer{uidOf(p.AccountID)})
}
