package community

import (
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

// signedIn tells who asks, then decodes what he sent: a stranger's body is not
// read.
func signedIn[T any](c echo.Context, d *dialect) (app.Principal, T, error) {
	who, err := d.service.Authenticate(c.Request().Context(), api.Token(c))
	if err != nil {
		var none T
		return who, none, err
	}
	in, err := body.Decode[T](c, d.validate)
	return who, in, err
}

func (d *dialect) own(c echo.Context) error {
	who, err := d.service.Authenticate(c.Request().Context(), api.Token(c))
	if err != nil {
		return err
	}
	p, err := d.service.Person(c.Request().Context(), who)
	if err != nil {
		return err
	}
	return succeed(c, ownAnswer{d.user(p)})
}

func (d *dialect) modifyOwn(c echo.Context) error {
	who, in, err := signedIn[profileRequest](c, d)
	if err != nil {
		return err
	}
	change, err := d.profileChange(who, in)
	if err == nil && change.Attributes.Birthday != nil && change.Attributes.Birthday.Equal(unknownBirthday) {
		err = d.keepUnknown(c, who, &change)
	}
	if err != nil {
		return err
	}
	receipt, err := d.service.EditPerson(c.Request().Context(), who, change)
	return done(c, receipt, err)
}

// keepUnknown leaves a birthday that is not known as it is: it is shown as the
// document's default, and sent back so.
func (d *dialect) keepUnknown(c echo.Context, who app.Principal, change *app.PersonChange) error {
	p, err := d.service.Person(c.Request().Context(), who)
	if p.Attributes.Birthday.IsZero() {
		change.Attributes.Birthday = nil
	}
	return err
}

// profileChange leaves what was not sent as it is, and an avatar that is sent
// back as it was read.
func (d *dialect) profileChange(who app.Principal, in profileRequest) (app.PersonChange, error) {
	name, avatar := in.Name.Text(), in.Avatar.Text()
	change := app.PersonChange{Nickname: &name, OwnPictures: true}
	if avatar != who.Account.AvatarURL {
		change.AvatarURL = &avatar
	}
	if text := in.Birthday.Text(); text != "" {
		day, ok := d.bornOn(text)
		if !ok {
			return change, violated("birthday", app.Pattern)
		}
		change.Attributes.Birthday = &day
	}
	if n, sent := in.Gender.Int(); sent {
		if n < int64(app.UnknownGender) || n > int64(app.Female) {
			return change, violated("gender", app.NotContainsDict)
		}
		gender := app.Gender(n)
		change.Attributes.Gender = &gender
	}
	if in.Sign.Sent != nil {
		sign := in.Sign.Text()
		change.Attributes.Sign = &sign
	}
	return change, nil
}

func (d *dialect) modifyCover(c echo.Context) error {
	who, in, err := signedIn[coverRequest](c, d)
	if err != nil {
		return err
	}
	cover := in.Cover.Text()
	receipt, err := d.service.EditPerson(c.Request().Context(), who, app.PersonChange{
		Attributes: app.AttributesChange{Cover: &cover}, OwnPictures: true,
	})
	return done(c, receipt, err)
}
