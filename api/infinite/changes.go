package infinite

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

func (d *dialect) editUser(c echo.Context) error {
	who, in, err := signedIn[editRequest](c, d)
	if err != nil {
		return err
	}
	receipt, err := d.service.Edit(c.Request().Context(), who, app.Profile{
		Nickname: in.Nickname.Text(), AvatarURL: in.AvatarURL.Text(), Description: in.Description.Text(),
		Website: in.Website.Text(), Location: in.Location.Text(),
	})
	return done(c, receipt, err)
}

func (d *dialect) modifyUserEmail(c echo.Context) error {
	who, in, err := signedIn[emailRequest](c, d)
	if err != nil {
		return err
	}
	receipt, err := d.service.ChangeEmail(c.Request().Context(), who, app.EmailChange{
		Password: in.Password.Secret(), Old: in.OriEmail.Text(), New: in.Email.Text(), Code: in.VerifyCode.Secret(),
	})
	return done(c, receipt, err)
}

func (d *dialect) modifyUserPassword(c echo.Context) error {
	who, in, err := signedIn[passwordRequest](c, d)
	if err != nil {
		return err
	}
	receipt, err := d.service.ChangePassword(c.Request().Context(), who, app.PasswordChange{
		Old: in.OriPassword.Secret(), New: in.Password.Secret(),
	})
	return done(c, receipt, err)
}

func (d *dialect) resetUserPassword(c echo.Context) error {
	in, err := body.Decode[resetRequest](c, d.validate)
	if err != nil {
		return err
	}
	receipt, err := d.service.ResetPassword(c.Request().Context(), app.PasswordReset{
		Email: in.Email.Text(), Code: in.VerifyCode.Secret(), New: in.Password.Secret(),
	})
	return done(c, receipt, err)
}

func (d *dialect) editUserMobile(c echo.Context) error {
	who, in, err := signedIn[mobileRequest](c, d)
	if err != nil {
		return err
	}
	receipt, err := d.service.ChangeMobile(c.Request().Context(), who, app.MobileChange{
		Password: in.Password.Secret(), Old: in.OriMobile.Text(), New: in.Mobile.Text(),
		Country: in.InternationalCode.Text(), Code: in.SMSCode.Secret(),
	})
	return done(c, receipt, err)
}

func (d *dialect) deleteUser(c echo.Context) error {
	who, in, err := signedIn[deleteRequest](c, d)
	if err != nil {
		return err
	}
	receipt, err := d.service.Delete(c.Request().Context(), who, in.Password.Secret())
	return done(c, receipt, err)
}
