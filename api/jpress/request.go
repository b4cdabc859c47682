package jpress

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"accord/api/body"
	"accord/app"
)

// userRequest is what a front-end sends of a person. A field that is missing is
// left as it is; what only the server decides (status, times, hashes) is not
// read, since front-ends send back the whole object that they were given.
type userRequest struct {
	ID             body.Value `json:"id"`
	Username       body.Value `json:"username"`
	Nickname       body.Value `json:"nickname"`
	Realname       body.Value `json:"realname"`
	Identity       body.Value `json:"identity"`
	Password       body.Value `json:"password"`
	Anonym         body.Value `json:"anonym"`
	Email          body.Value `json:"email"`
	Mobile         body.Value `json:"mobile"`
	Gender         body.Value `json:"gender"`
	Signature      body.Value `json:"signature"`
	Birthday       body.Value `json:"birthday"`
	Company        body.Value `json:"company"`
	Occupation     body.Value `json:"occupation"`
	Address        body.Value `json:"address"`
	Zipcode        body.Value `json:"zipcode"`
	Site           body.Value `json:"site"`
	Graduateschool body.Value `json:"graduateschool"`
	Education      body.Value `json:"education"`
	Avatar         body.Value `json:"avatar"`
	Idcardtype     body.Value `json:"idcardtype"`
	Idcard         body.Value `json:"idcard"`
	Remark         body.Value `json:"remark"`
	CreateSource   body.Value `json:"createSource"`
}

// texts are the fields that hold text, by their names on the wire.
func (r userRequest) texts() []struct {
	name  string
	value body.Value
} {
	return []struct {
		name  string
		value body.Value
	}{
		{"username", r.Username},
		{"nickname", r.Nickname},
		{"realname", r.Realname},
		{"identity", r.Identity},
		{"password", r.Password},
		{"anonym", r.Anonym},
		{"email", r.Email},
		{"mobile", r.Mobile},
		{"signature", r.Signature},
		{"birthday", r.Birthday},
		{"company", r.Company},
		{"occupation", r.Occupation},
		{"address", r.Address},
		{"zipcode", r.Zipcode},
		{"site", r.Site},
		{"graduateschool", r.Graduateschool},
		{"education", r.Education},
		{"avatar", r.Avatar},
		{"idcardtype", r.Idcardtype},
		{"idcard", r.Idcard},
		{"remark", r.Remark},
		{"createSource", r.CreateSource},
	}
}

// formValue is a parameter of the form. A body without a type is one.
func formValue(c echo.Context, name string) (string, error) {
	r := c.Request()
	if r.Header.Get(echo.HeaderContentType) == "" {
		r.Header.Set(echo.HeaderContentType, echo.MIMEApplicationForm)
	}
	if err := r.ParseForm(); err != nil {
		var tooLarge *echo.HTTPError
		if errors.As(err, &tooLarge) {
			return "", tooLarge
		}
		return "", violation("form", app.Pattern)
	}
	return r.PostForm.Get(name), nil
}

// readUser decodes the user parameter, a JSON object.
func readUser(c echo.Context) (userRequest, error) {
	var in userRequest
	text, err := formValue(c, "user")
	switch {
	case err != nil:
		return in, err
	case strings.TrimSpace(text) == "":
		return in, violation("user", app.NotBlank)
	}
	if err := body.Object([]byte(text), &in); err != nil {
		return in, &app.Error{Kind: app.Invalid, Op: "decode", Err: err}
	}
	for _, field := range in.texts() {
		if _, isText := field.value.Sent.(string); field.value.Sent != nil && !isText {
			return in, violation(field.name, app.TypeMismatch)
		}
	}
	return in, nil
}

func violation(field string, rule app.Rule) error {
	return &app.Error{Kind: app.Invalid, Op: "decode", Violations: []app.Violation{{Field: field, Rule: rule}}}
}

// optional is nil for a field that was not sent.
func optional(v body.Value) *string {
	if v.Sent == nil {
		return nil
	}
	text := v.Text()
	return &text
}

// filled is nil for a field that was not sent, or is blank and cannot be.
func filled(v body.Value) *string {
	if strings.TrimSpace(v.Text()) == "" {
		return nil
	}
	return optional(v)
}

// change is what the object says of a person, as far as it may be changed by
// an edit.
func (r userRequest) change() (app.PersonChange, error) {
	more, err := r.attributes()
	return app.PersonChange{
		Nickname: filled(r.Nickname), AvatarURL: filled(r.Avatar), Website: optional(r.Site), Attributes: more,
	}, err
}

func (r userRequest) attributes() (app.AttributesChange, error) {
	change := app.AttributesChange{
		RealName: optional(r.Realname), Identity: optional(r.Identity), Anonym: optional(r.Anonym), Sign: optional(r.Signature),
		Company: optional(r.Company), Occupation: optional(r.Occupation), Address: optional(r.Address),
		Zipcode: optional(r.Zipcode), University: optional(r.Graduateschool), Education: optional(r.Education),
		IDCardType: optional(r.Idcardtype), IDCard: optional(r.Idcard), Remark: optional(r.Remark),
		Source: optional(r.CreateSource),
	}
	if r.Gender.Sent != nil {
		gender, known := gendersRead[strings.ToLower(word(r.Gender))]
		if !known {
			return change, violation("gender", app.NotContainsDict)
		}
		change.Gender = &gender
	}
	if r.Birthday.Sent != nil {
		day, err := readBirthday(r.Birthday.Text())
		if err != nil {
			return change, err
		}
		change.Birthday = &day
	}
	return change, nil
}

// word is a text, or a number as one.
func word(v body.Value) string {
	if n, isNumber := v.Int(); isNumber {
		return strconv.FormatInt(n, 10)
	}
	return strings.TrimSpace(v.Text())
}

// readBirthday takes a day, with a time of day that means nothing.
func readBirthday(text string) (time.Time, error) {
	if strings.TrimSpace(text) == "" {
		return time.Time{}, nil
	}
	day, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	born, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return born, violation("birthday", app.Pattern)
	}
	return born, nil
}
