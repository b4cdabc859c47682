package registry

import (
	"accord/api"
	"accord/app"
)

// fields are the fields that the document limits further than other dialects, with
// its own words.
func fields() []app.Field {
	username := app.Narrowed("username", 1, maxUsername, "")
	username.ZH, username.EN = usernameRule.ZH, usernameRule.EN
	nickname := app.Narrowed("nickname", minNickname, maxNickname, "")
	nickname.ZH, nickname.EN = nicknameRule.ZH, nicknameRule.EN
	phone := app.Narrowed("mobile", phoneLength, phoneLength, phoneShape)
	phone.ZH, phone.EN = noSuchPhone.ZH, noSuchPhone.EN
	return []app.Field{username, nickname, phone}
}

var (
	narrowed = fields()
	username = narrowed[0]
	nickname = narrowed[1]
	phone    = narrowed[2]
	email, _ = app.FieldNamed("email")
)

// namesHere are the document's names of fields.
var namesHere = map[string]string{"mobile": "phone", "realName": "realname", "invitedBy": "invateUsername"}

const (
	maxUsername              = 12
	minNickname, maxNickname = 2, 12
	phoneLength              = 11
	phoneShape               = "^1[3-9][0-9]{9}$"
)

var (
	noSuchPhone  = api.Phrase{ZH: "手机号格式不正确", EN: "The telephone number is not well-formed"}
	nicknameRule = api.Phrase{ZH: "昵称位数要求在 2 和 12 之间", EN: "A nickname has 2 to 12 characters"}
	usernameRule = api.Phrase{
		ZH: "用户名须为1–12位字母、数字、-、_或.，以字母或数字开头和结尾，符号不能连续，且不能是保留名称",
		EN: "A user name has 1 to 12 letters, digits, -, _ or ., begins and ends with a letter or digit, has no two marks in a row, " +
			"and is not a reserved name",
	}
)
