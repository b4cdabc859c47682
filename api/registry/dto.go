package registry

import (
	"cmp"
	"math"
	"time"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

// userRequest is the one body of the document, in its order, without what is
// the server's own to know: numbers, roles, states, times.
type userRequest struct {
	Username  body.Value `json:"username" validate:"text"`
	Email     body.Value `json:"email" validate:"text"`
	Phone     body.Value `json:"phone" validate:"text"`
	Password  body.Value `json:"password" validate:"text,length=32"`
	Password1 body.Value `json:"password1" validate:"text,length=32"`
	Password2 body.Value `json:"password2" validate:"text,length=32"`
	Nickname  body.Value `json:"nickname" validate:"text"`
	RealName  body.Value `json:"realname" validate:"text"`
	CorpID    body.Value `json:"corpId" validate:"integer"`
	CorpName  body.Value `json:"corpName" validate:"text"`
	DeptID    body.Value `json:"deptId" validate:"integer"`
	DeptName  body.Value `json:"deptName" validate:"text"`
	// Gender is 0 for a woman and 1 for a man.
	Gender     body.Value `json:"gender" validate:"integer"`
	Birthday   body.Value `json:"birthday" validate:"text"`
	QQ         body.Value `json:"qq" validate:"text"`
	Major      body.Value `json:"major" validate:"text"`
	University body.Value `json:"university" validate:"text"`
	Address    body.Value `json:"address" validate:"text"`
	Introduce  body.Value `json:"introduce" validate:"text"`
	// Code is the verification code, or in its absence an invitation.
	Code body.Value `json:"code" validate:"text,length=64,printable"`
	// Inviter is a user name, or an invitation code.
	Inviter body.Value `json:"invateUsername" validate:"text,length=64,printable"`
	Push    body.Value `json:"push" validate:"integer"`
	Alert   body.Value `json:"alert" validate:"integer"`
}

const (
	// country is that of every number of the document's shape.
	country = "86"
	dayForm = "2006-01-02"
)

// decodeUser reads the one body of the document, names normalised.
func (d *dialect) decodeUser(c echo.Context) (userRequest, error) {
	in, err := body.Decode[userRequest](c, d.validate)
	return in.normalised(), err
}

// normalised returns the request with names and targets as they are stored.
func (in userRequest) normalised() userRequest {
	for at, field := range map[*body.Value]app.Field{&in.Username: username, &in.Email: email, &in.Nickname: nickname} {
		if text, isText := at.Sent.(string); isText {
			at.Sent = field.Normalise(text)
		}
	}
	if text, isText := in.Phone.Sent.(string); isText {
		_, in.Phone.Sent = app.NormaliseNumber(country, text)
	}
	return in
}

// violation judges a text that is given.
func violation(name string, field app.Field, value body.Value) []app.Violation {
	if rule := field.Check(value.Text()); rule != "" && value.Text() != "" {
		return []app.Violation{{Field: name, Rule: rule}}
	}
	return nil
}

// targetFaults judges the address and the number, where they are given.
func (in userRequest) targetFaults() []app.Violation {
	return append(violation("email", email, in.Email), violation("phone", phone, in.Phone)...)
}

// faults judges whatever is given by the document's rules, in its order. The
// core judges what the account store can hold.
func (in userRequest) faults() []app.Violation {
	found := violation("username", username, in.Username)
	found = append(found, in.targetFaults()...)
	found = append(found, violation("nickname", nickname, in.Nickname)...)
	if _, err := in.birthday(); err != nil {
		found = append(found, app.Violation{Field: "birthday", Rule: app.Pattern})
	}
	if n, given := in.Gender.Int(); given && n != 0 && n != 1 {
		found = append(found, app.Violation{Field: "gender", Rule: app.NotContainsDict})
	}
	for _, number := range []struct {
		field string
		value body.Value
	}{{"corpId", in.CorpID}, {"deptId", in.DeptID}, {"push", in.Push}, {"alert", in.Alert}} {
		if n, _ := number.value.Int(); n < math.MinInt32 || n > math.MaxInt32 {
			found = append(found, app.Violation{Field: number.field, Rule: app.Length})
		}
	}
	return found
}

// birthday is zero where none is given.
func (in userRequest) birthday() (time.Time, error) {
	if in.Birthday.Text() == "" {
		return time.Time{}, nil
	}
	return time.Parse(dayForm, in.Birthday.Text())
}

// newPassword is the password that is to be set. The document has three fields
// for it; those that are given must be the same, and a repetition is asked for
// where the first of them is used.
func (in userRequest) newPassword() (app.Secret, error) {
	whole, typed, again := in.Password.Text(), in.Password1.Text(), in.Password2.Text()
	password := cmp.Or(typed, whole)
	switch {
	case password == "" && again == "":
		return "", invalid("password", app.NotBlank)
	case whole != "" && whole != password, (typed != "" || again != "") && again != password:
		return "", invalid("password2", app.Pattern)
	case !app.PasswordAllowed(password):
		return "", invalid("password", app.Pattern)
	}
	return app.Secret(password), nil
}

// newcomer is whom the body tells of, as far as it does. Its faults were looked
// for.
func (in userRequest) newcomer() app.Registration {
	birthday, _ := in.birthday()
	r := app.Registration{
		Username: in.Username.Text(), NoUsername: in.Username.Text() == "", Email: in.Email.Text(), Mobile: in.Phone.Text(),
		Nickname: in.Nickname.Text(),
		Attributes: app.Attributes{
			Gender: in.gender(), Birthday: birthday, RealName: in.RealName.Text(), QQ: in.QQ.Text(),
			Major: in.Major.Text(), University: in.University.Text(), Address: in.Address.Text(), Introduce: in.Introduce.Text(),
			CorpID: small(in.CorpID), CorpName: in.CorpName.Text(), DeptID: small(in.DeptID), DeptName: in.DeptName.Text(),
			Push: small(in.Push), Alert: small(in.Alert),
		},
	}
	if r.Mobile != "" {
		r.Country = country
	}
	return r
}

func (in userRequest) gender() app.Gender {
	n, given := in.Gender.Int()
	switch {
	case !given:
		return app.UnknownGender
	case n == 0:
		return app.Female
	}
	return app.Male
}

// small is a number that faults has found to be small enough; 0 where none is
// given.
func small(v body.Value) int32 {
	n, _ := v.Int()
	return int32(n) //nolint:gosec // bounded by faults
}

type loginRequest struct {
	Username body.Value `json:"username" validate:"text,length=255,printable"`
	Email    body.Value `json:"email" validate:"text,length=255,printable"`
	Phone    body.Value `json:"phone" validate:"text,length=32,printable"`
	Password body.Value `json:"password" validate:"notBlank,text,length=32,printable"`
}

type signedInAnswer struct {
	Token string `json:"token"`
	api.SystemsAnswer
}

func newSignedInAnswer(in app.SignedIn) signedInAnswer {
	return signedInAnswer{in.AccessToken.Reveal(), api.NewSystemsAnswer(in)}
}

// invalid is the error of one field that broke one rule.
func invalid(field string, rule app.Rule) error {
	return broken([]app.Violation{{Field: field, Rule: rule}})
}

// broken is the error of broken rules; none of none.
func broken(found []app.Violation) error {
	if len(found) == 0 {
		return nil
	}
	return &app.Error{Kind: app.Invalid, Op: "decode", Violations: found}
}
