package infinite

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// changes are the endpoints that change something, each with a good body, what
// the use case is to be given for it, and whether one must be signed in.
var changes = map[string]struct {
	body     string
	want     change
	signedIn bool
}{
	"emailVerifyCode": {
		body: `{"email":"Test@qq.com"}`,
		want: change{name: "mail-code", in: [2]string{"Test@qq.com", "zh"}},
	},
	"generateSmsCode": {
		body: `{"internationalCode":"86","mobile":"15650000000"}`,
		want: change{name: "sms-code", in: [4]string{"86", "15650000000", "192.0.2.1", "zh"}},
	},
	"editUser": {
		body: `{"nickname":"测试","avatarUrl":"https://i.example/1.jpg","description":"小菜鸟","website":"http://www.baidu.com","location":"China"}`,
		want: change{name: "edit", in: app.Profile{
			Nickname: "测试", AvatarURL: "https://i.example/1.jpg", Description: "小菜鸟",
			Website: "http://www.baidu.com", Location: "China",
		}},
		signedIn: true,
	},
	"resetUserPassword": {
		body: `{"email":"test@qq.com","password":"1qazxsw2","verifyCode":"A2B3C4"}`,
		want: change{name: "reset", in: app.PasswordReset{Email: "test@qq.com", Code: "A2B3C4", New: "1qazxsw2"}},
	},
	"modifyUserEmail": {
		body:     `{"password":"***","oriEmail":"test@qq.com","email":"test1@qq.com","verifyCode":"asdasv"}`,
		want:     change{name: "email", in: app.EmailChange{Password: "***", Old: "test@qq.com", New: "test1@qq.com", Code: "asdasv"}},
		signedIn: true,
	},
	"modifyUserPassword": {
		body:     `{"password":"123456qq","oriPassword":"2wsxza1"}`,
		want:     change{name: "password", in: app.PasswordChange{Old: "2wsxza1", New: "123456qq"}},
		signedIn: true,
	},
	"editUserMobile": {
		body:     `{"mobile":"15650000000","oriMobile":"15890000000","smsCode":"xjyq","password":"*****"}`,
		want:     change{name: "mobile", in: app.MobileChange{Password: "*****", Old: "15890000000", New: "15650000000", Code: "xjyq"}},
		signedIn: true,
	},
	"deleteUser": {
		body:     `{"password":"123456q"}`,
		want:     change{name: "delete", in: app.Secret("123456q")},
		signedIn: true,
	},
}

func TestChangesPassOn(t *testing.T) {
	for endpoint, tt := range changes {
		u := person()
		w := call(handler(t, u), endpoint, tt.body, "Authorization", "Bearer token")
		require.Equal(t, `{"code":"General.Success","data":{},"msg":"接口调用成功"}`+"\n", w.Body.String(), endpoint)
		require.Equal(t, "saga-of-"+tt.want.name, w.Header().Get("X-Accord-Saga"))
		want := tt.want
		if tt.signedIn {
			want.who = u.account.UserID
			require.Equal(t, []app.Secret{"token"}, u.tokens, endpoint)
		}
		require.Equal(t, []change{want}, u.changes, endpoint)
	}
}

func TestCodesAreSentInTheLanguageOfTheRequest(t *testing.T) {
	for endpoint, want := range map[string]any{
		"emailVerifyCode": [2]string{"Test@qq.com", "en"},
		"generateSmsCode": [4]string{"86", "15650000000", "192.0.2.1", "en"},
	} {
		u := &useCases{}
		call(handler(t, u), endpoint, changes[endpoint].body, "Accept-Language", "en")
		require.Len(t, u.changes, 1)
		require.Equal(t, want, u.changes[0].in)
	}
}

func TestMobileOfAnotherCountry(t *testing.T) {
	u := person()
	call(handler(t, u), "editUserMobile", `{"mobile":"51234567","smsCode":"A2B3C4","password":"x","internationalCode":"852"}`,
		"Authorization", "token")
	require.Len(t, u.changes, 1)
	require.Equal(t, app.MobileChange{Password: "x", New: "51234567", Country: "852", Code: "A2B3C4"}, u.changes[0].in)
}

// TestWhatMayBeEmpty: of the five fields three may be, and a country's code and
// the number of before need not be there.
func TestWhatMayBeEmpty(t *testing.T) {
	for endpoint, body := range map[string]string{
		"editUser":       `{"nickname":"n","avatarUrl":"u","description":"","website":"","location":""}`,
		"editUserMobile": `{"mobile":"15650000000","smsCode":"A2B3C4","password":"x","oriMobile":null,"internationalCode":""}`,
	} {
		u := person()
		got := read(t, call(handler(t, u), endpoint, body, "Authorization", "token"))
		require.Equal(t, "General.Success", got.Code, endpoint)
		require.Equal(t, 1, u.asked())
	}
}

func TestChangeRules(t *testing.T) {
	long := func(n int) string { return strings.Repeat("长", n) }
	const notBlank, length, pattern = "notBlank", "length", "pattern"
	fields := func(rule string, names ...string) violated {
		all := violated{}
		for _, name := range names {
			all[name] = []string{rule}
		}
		return all
	}
	for name, tt := range map[string]struct {
		endpoint, body string
		want           violated
		first          string
	}{
		"mail code, nothing":     {"emailVerifyCode", `{}`, fields(notBlank, "email"), "email"},
		"mail code, no address":  {"emailVerifyCode", `{"email":"nobody"}`, fields("email", "email"), "email"},
		"mail code, header":      {"emailVerifyCode", `{"email":"a@b.cn\r\nBcc: c@d.cn"}`, fields(pattern, "email"), "email"},
		"mail code, long":        {"emailVerifyCode", `{"email":"` + long(256) + `"}`, fields(length, "email"), "email"},
		"short message, nothing": {"generateSmsCode", ``, fields(notBlank, "internationalCode", "mobile"), "internationalCode"},
		"short message, number":  {"generateSmsCode", `{"internationalCode":86,"mobile":15650000000}`, fields("type", "internationalCode", "mobile"), "internationalCode"},
		"short message, long": {
			"generateSmsCode", `{"internationalCode":"86","mobile":"123456789012345678901234567890123"}`, fields(length, "mobile"), "mobile",
		},
		"edit, nothing": {
			"editUser", `{}`, fields(notBlank, "nickname", "avatarUrl", "description", "website", "location"), "nickname",
		},
		"edit, blank and null": {
			"editUser", `{"nickname":" ","avatarUrl":"","description":null,"website":null,"location":null}`,
			fields(notBlank, "nickname", "avatarUrl", "description", "website", "location"), "nickname",
		},
		"edit, one lacks": {
			"editUser", `{"nickname":"n","avatarUrl":"u","description":"","website":""}`, fields(notBlank, "location"), "location",
		},
		"reset, nothing": {"resetUserPassword", `{}`, fields(notBlank, "email", "password", "verifyCode"), "email"},
		"reset, weak password": {
			"resetUserPassword", `{"email":"a@b.cn","password":"12345678","verifyCode":"1234"}`, fields(pattern, "password"), "password",
		},
		"reset, long code": {
			"resetUserPassword", `{"email":"a@b.cn","password":"1qazxsw2","verifyCode":"12345678901234567"}`,
			fields(length, "verifyCode"), "verifyCode",
		},
		"e-mail, nothing": {"modifyUserEmail", `{}`, fields(notBlank, "password", "oriEmail", "email", "verifyCode"), "password"},
		"e-mail, long": {
			"modifyUserEmail", `{"password":"` + long(33) + `","oriEmail":"` + long(256) + `","email":"` + long(256) + `","verifyCode":"` + long(17) + `"}`,
			fields(length, "password", "oriEmail", "email", "verifyCode"), "password",
		},
		"e-mail, no address": {
			"modifyUserEmail", `{"password":"` + long(32) + `","oriEmail":"a","email":"a","verifyCode":"1"}`, fields("email", "email"), "email",
		},
		"password, nothing": {"modifyUserPassword", `{}`, fields(notBlank, "oriPassword", "password"), "oriPassword"},
		"password, weak": {
			"modifyUserPassword", `{"oriPassword":"1","password":"123456q"}`, fields(pattern, "password"), "password",
		},
		"mobile, nothing": {"editUserMobile", `{}`, fields(notBlank, "mobile", "smsCode", "password"), "mobile"},
		"mobile, types": {
			"editUserMobile", `{"mobile":1,"oriMobile":1,"smsCode":1,"password":1,"internationalCode":86}`,
			fields("type", "mobile", "oriMobile", "smsCode", "password", "internationalCode"), "mobile",
		},
		"delete, nothing": {"deleteUser", `{}`, fields(notBlank, "password"), "password"},
		"delete, long":    {"deleteUser", `{"password":"` + long(33) + `"}`, fields(length, "password"), "password"},
	} {
		u := &useCases{}
		got := read(t, call(handler(t, u), tt.endpoint, tt.body, "Authorization", "token"))
		require.Equal(t, "General.ParameterInvalid", got.Code, name)
		require.Equal(t, tt.want, got.Data.RuleViolated, name)
		require.Equal(t, "request params["+tt.first+"] "+tt.want[tt.first][0]+".", got.Msg, name)
		require.Zero(t, u.asked(), name)
	}
}

// TestDictionaryComplaint: what the dictionary lacks is told as the document has
// it.
func TestDictionaryComplaint(t *testing.T) {
	u := &useCases{err: &app.Error{Kind: app.Invalid, Violations: []app.Violation{{Field: "internationalCode", Rule: app.NotContainsDict}}}}
	w := call(handler(t, u), "generateSmsCode", changes["generateSmsCode"].body)
	require.JSONEq(t, `{"code":"General.ParameterInvalid","data":{"ruleViolated":{"internationalCode":["notContainsDict"]},"messages":{"internationalCode":"不支持该国家或地区的手机号"}},`+
		`"msg":"[internationalcode] dict error."}`, w.Body.String())
}

// TestStrangersBodiesAreNotRead: who is not signed in learns nothing of the rules.
func TestStrangersBodiesAreNotRead(t *testing.T) {
	for endpoint, tt := range changes {
		if !tt.signedIn {
			continue
		}
		body := &unread{t}
		w := send(handler(t, &useCases{}), "/api/user/"+endpoint, body, "Content-Type", "application/json")
		require.Contains(t, []string{"General.ParameterInvalid", "General.Unauthorized"}, read(t, w).Code, endpoint)
	}
	w := send(handler(t, &useCases{}), "/api/file/upload", &unread{t}, "Content-Type", "multipart/form-data; boundary=x")
	require.Equal(t, violated{"token": {"notBlank"}}, read(t, w).Data.RuleViolated)
}

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u *unread) Read([]byte) (int, error) {
	require.Fail(u.t, "the body is read")
	return 0, nil
}
