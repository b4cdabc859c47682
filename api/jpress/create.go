package jpress

import (
	"strings"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/app"
	"accord/saga"
)

// create makes an account: an administrator's doing, or anybody's where the
// operator has opened it. A signed-in administrator is believed about numbers;
// nobody else binds one here.
func (d *dialect) create(c echo.Context) error {
	actor, err := d.creator(c)
	if err != nil {
		return err
	}
	in, err := readUser(c)
	if err != nil {
		return err
	}
	registration, err := in.registration(api.Language(c))
	if err != nil {
		return err
	}
	if field := in.judged(app.Attributes{}); actor == nil && field != "" {
		return violation(field, app.Fixed)
	}
	account, receipt, err := d.makeAccount(c, actor, registration)
	api.SetReceipt(c, receipt)
	if err != nil {
		return err
	}
	return succeed(c, createdAnswer{State: ok, UserID: idOf(account)})
}

// creator is nil where nobody has signed in and nobody needs to.
func (d *dialect) creator(c echo.Context) (*app.Principal, error) {
	token := api.Token(c)
	if token == "" && d.OpenCreate {
		return nil, nil //nolint:nilnil // nobody is an answer
	}
	who, err := d.Service.Authenticate(c.Request().Context(), token)
	if err != nil {
		return nil, err
	}
	if d.OpenCreate && !who.Account.Role.AtLeast(app.Administrator) {
		return nil, nil //nolint:nilnil // as good as nobody
	}
	return &who, nil
}

func (d *dialect) makeAccount(c echo.Context, actor *app.Principal, in app.Registration) (app.Account, saga.Receipt, error) {
	if actor != nil {
		in.MobileVerified = in.Mobile != ""
		return d.Service.CreatePerson(c.Request().Context(), *actor, in)
	}
	if in.Mobile != "" {
		return app.Account{}, saga.Receipt{}, violation("mobile", app.Fixed)
	}
	return d.Service.RegisterAccount(c.Request().Context(), in)
}

func (r userRequest) registration(language string) (app.Registration, error) {
	more, err := r.attributes()
	if err != nil {
		return app.Registration{}, err
	}
	for _, field := range r.texts() {
		needed := field.name == "username" || field.name == "password" || field.name == "email" && r.Mobile.Text() == ""
		if needed && strings.TrimSpace(field.value.Text()) == "" {
			return app.Registration{}, violation(field.name, app.NotBlank)
		}
	}
	return app.Registration{
		Username: r.Username.Text(), Email: strings.TrimSpace(r.Email.Text()), Password: r.Password.Secret(),
		Language: language, Nickname: r.Nickname.Text(), Mobile: r.Mobile.Text(),
		Website: r.Site.Text(), AvatarURL: strings.TrimSpace(r.Avatar.Text()), Attributes: more.Of(),
	}, nil
}
