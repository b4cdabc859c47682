package jpress

import (
	"strings"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/app"
	"accord/saga"
)

// update is for oneself or an administrator.
func (d *dialect) update(c echo.Context) error {
	who, err := d.Service.Authenticate(c.Request().Context(), api.Token(c))
	if err != nil {
		return err
	}
	in, err := readUser(c)
	if err != nil {
		return err
	}
	id, err := d.readID(c.Request().Context(), "id", word(in.ID))
	if err != nil {
		return err
	}
	receipt, err := d.change(c, who, id, in)
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	return succeed(c, doneAnswer{State: ok})
}

func (d *dialect) change(c echo.Context, who app.Principal, id int64, in userRequest) (saga.Receipt, error) {
	ctx := c.Request().Context()
	person, err := d.Service.PersonToChange(ctx, who, id)
	if err != nil {
		return saga.Receipt{}, err
	}
	change, err := in.change()
	if err != nil {
		return saga.Receipt{}, err
	}
	if field := in.fixed(person.Account); field != "" {
		return saga.Receipt{}, violation(field, app.Fixed)
	}
	if !who.Account.Role.AtLeast(app.Administrator) {
		if field := in.judged(person.Attributes); field != "" {
			return saga.Receipt{}, violation(field, app.Fixed)
		}
		change.Attributes.Identity, change.Attributes.Remark = nil, nil
	}
	if who.Account.UserID == id {
		if in.movesTo(person.Account) != nil { // only a code sent there would do
			return saga.Receipt{}, violation("email", app.Fixed)
		}
		return d.Service.EditPerson(ctx, who, change)
	}
	return d.Service.ModifyPerson(ctx, who, id, app.PersonModification{PersonChange: change, Email: in.movesTo(person.Account)})
}

// fixed names a field that an update cannot change and that is to be changed:
// blank, it is as good as missing.
func (r userRequest) fixed(a app.Account) string {
	differs := func(sent, is string) bool { return strings.TrimSpace(sent) != "" && strings.TrimSpace(sent) != is }
	switch {
	case differs(r.Username.Text(), a.Username):
		return "username"
	case r.Password.Text() != "":
		return "password"
	case differs(r.Mobile.Text(), a.Mobile):
		return "mobile"
	}
	return ""
}

// judged names a field in which administrators describe the user and that is to
// be changed: blank, it is as good as missing.
func (r userRequest) judged(is app.Attributes) string {
	differs := func(sent, is string) bool { return strings.TrimSpace(sent) != "" && sent != is }
	switch {
	case differs(r.Identity.Text(), is.Identity):
		return "identity"
	case differs(r.Remark.Text(), is.Remark):
		return "remark"
	}
	return ""
}

// movesTo is the address that the person is to have instead; nil for none.
func (r userRequest) movesTo(a app.Account) *string {
	address := strings.TrimSpace(r.Email.Text())
	if address == "" || strings.EqualFold(address, a.Email) {
		return nil
	}
	return &address
}
