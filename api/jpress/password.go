package jpress

import (
	"cmp"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/app"
	"accord/saga"
)

// updatePassword changes one's own password by the old one; without it, a
// super-administrator sets anybody's.
func (d *dialect) updatePassword(c echo.Context) error {
	who, err := d.Service.Authenticate(c.Request().Context(), api.Token(c))
	if err != nil {
		return err
	}
	sent, err := formValue(c, "userId")
	if err != nil {
		return err
	}
	id, err := d.readID(c.Request().Context(), "userId", sent)
	if err != nil {
		return err
	}
	in, err := readPasswords(c)
	if err != nil {
		return err
	}
	receipt, err := d.setPassword(c, who, id, in)
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	return succeed(c, doneAnswer{State: ok})
}

func (d *dialect) setPassword(c echo.Context, who app.Principal, id int64, in app.PasswordChange) (saga.Receipt, error) {
	ctx := c.Request().Context()
	switch own := who.Account.UserID == id; {
	case own && in.Old != "":
		return d.Service.ChangePassword(ctx, who, in)
	case own && !who.Account.Role.AtLeast(app.SuperAdministrator):
		return saga.Receipt{}, violation(oldAsTyped, app.NotBlank)
	}
	return d.Service.SetPasswordFor(ctx, who, id, in.New)
}

// The parameter of the old password as the document spells it, and sanely.
const (
	oldAsTyped = "oldPassowrd"
	oldSane    = "oldPassword"
)

// readPasswords reads the old one under either name. A violation has the name
// that the client sent.
func readPasswords(c echo.Context) (app.PasswordChange, error) {
	var in app.PasswordChange
	asTyped, err := formValue(c, oldAsTyped)
	if err != nil {
		return in, err
	}
	sane, _ := formValue(c, oldSane) // the form is read by now
	sent := oldAsTyped
	if asTyped == "" && sane != "" {
		sent = oldSane
	}
	fresh, _ := formValue(c, "newPassword")
	in.Old, in.New = app.Secret(cmp.Or(asTyped, sane)), app.Secret(fresh)
	switch {
	case fresh == "":
		return in, violation("newPassword", app.NotBlank)
	case !app.PasswordAllowed(fresh):
		return in, violation("newPassword", app.Pattern)
	case len(in.Old.Reveal()) > 4*app.MaxPasswordChecked:
		return in, violation(sent, app.Length)
	}
	return in, nil
}
