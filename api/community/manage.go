package community

import (
	"strings"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

// manager tells who asks where his role is enough to ask at all. What he may do
// to whom is the use case's to judge.
func (d *dialect) manager(c echo.Context, least app.Role) (app.Principal, error) {
	who, err := d.service.Authenticate(c.Request().Context(), api.Token(c))
	if err == nil && !who.Account.Role.AtLeast(least) {
		err = &app.Error{Kind: app.Forbidden, Op: "manage"}
	}
	return who, err
}

// managed is manager, and what he sent about the person of that number.
func managed[T any](c echo.Context, d *dialect, least app.Role, idOf func(T) body.Value) (app.Principal, int64, T, error) {
	who, err := d.manager(c, least)
	if err != nil {
		var none T
		return who, 0, none, err
	}
	in, err := body.Decode[T](c, d.validate)
	if err != nil {
		return who, 0, in, err
	}
	uid, _ := idOf(in).Int() // the rules have it a number
	id, err := d.userID(c.Request().Context(), uid)
	return who, id, in, err
}

func (d *dialect) modify(c echo.Context) error {
	who, id, in, err := managed(c, d, app.Administrator, func(r modifyRequest) body.Value { return r.ID })
	if err != nil {
		return err
	}
	there, err := d.service.PersonToChange(c.Request().Context(), who, id)
	if err != nil {
		return err
	}
	name := in.Name.Text()
	change := app.PersonModification{PersonChange: app.PersonChange{Nickname: &name}}
	// Administrators see masked addresses and send them back with the rest.
	if email := strings.TrimSpace(in.Email.Text()); email != maskedEmail(there.Account) {
		if strings.Contains(email, mask) {
			return violated("email", app.EmailSyntax)
		}
		change.Email = &email
	}
	if in.Sign.Sent != nil {
		sign := in.Sign.Text()
		change.Attributes.Sign = &sign
	}
	receipt, err := d.service.ModifyPerson(c.Request().Context(), who, id, change)
	return done(c, receipt, err)
}

func (d *dialect) setRole(c echo.Context) error {
	who, id, in, err := managed(c, d, app.SuperAdministrator, func(r roleRequest) body.Value { return r.ID })
	if err != nil {
		return err
	}
	roles := app.Roles()
	n, _ := in.Role.Int() // the rules have it a number
	if n < 0 || n >= int64(len(roles)) {
		return violated("role", app.NotContainsDict)
	}
	receipt, err := d.service.SetRole(c.Request().Context(), who, id, roles[n])
	return done(c, receipt, err)
}

func (d *dialect) remove(c echo.Context) error {
	who, id, _, err := managed(c, d, app.Administrator, func(r removeRequest) body.Value { return r.ID })
	if err != nil {
		return err
	}
	receipt, err := d.service.RemovePerson(c.Request().Context(), who, id)
	return done(c, receipt, err)
}
