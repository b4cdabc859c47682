package infinite

import (
	"github.com/labstack/echo/v4"

	"accord/api"
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
	in, err := decode[T](c, d.validate)
	return who, in, err
}

func (d *dialect) editUser(c echo.Context) error {
	who, in, err := signedIn[editRequest](c, d)
	if err != nil {
		return err
	}
	receipt, err := d.service.Edit(c.Request().Context(), who, app.Profile{
		Nickname: in.Nickname.text(), AvatarURL: in.AvatarURL.text(), Description: in.Description.text(),
		Website: in.Website.text(), Location: in.Location.text(),
	})
	return done(c, receipt, err)
}

func (d *dialect) modifyUserEmail(c echo.Context) error {
	who, in, err := signedIn[emailRequest](c, d)
	if err != nil {
		return err
	}
	receipt, err := d.service.ChangeEmail(c.Request().Context(), who, app.EmailChange{
		Password: in.Password.secret(), Old: in.OriEmail.text(), New: in.Email.text(), Code: in.VerifyCode.secret(),
	})
	return done(c, receipt, err)
}

func (d *dialect) modifyUserPassword(c echo.Context) error {
	who, in, err := signedIn[passwordRequest](c, d)
	if err != nil {
		return err
	}
	receipt, err := d.service.ChangePassword(c.Request().Context(), who, app.PasswordChange{
		Old: in.OriPassword.secret(), New: in.Password.secret(),
	})
	return done(c, receipt, err)
}

func (d *dialect) resetUserPassword(c echo.Context) error {
	in, err := decode[resetRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.ResetPassword(c.Request().Context(), app.PasswordReset{
		Email: in.Email.text(), Code: in.VerifyCode.secret(), New: in.Password.secret(),
	})
	return done(c, receipt, err)
}

func (d *dialect) editUserMobile(c echo.Context) error {
	who, in, err := signedIn[mobileRequest](c, d)
	if err != nil {
		return err
	}
	receipt, err := d.service.ChangeMobile(c.Request().Context(), who, app.MobileChange{
		Password: in.Password.secret(), Old: in.OriMobile.text(), New: in.Mobile.text(),
		Country: in.InternationalCode.text(), Code: in.SMSCode.secret(),
	})
	return done(c, receipt, err)
}

func (d *dialect) deleteUser(c echo.Context) error {
	who, in, err := signedIn[deleteRequest](c, d)
	if err != nil {
		return err
	}
	receipt, err := d.service.Delete(c.Request().Context(), who, in.Password.secret())
	return done(c, receipt, err)
}
