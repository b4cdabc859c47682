package infinite

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type violated = map[string][]string

func TestRegisterRules(t *testing.T) {
	blank := violated{"username": {"notBlank"}, "email": {"notBlank"}, "password": {"notBlank"}}
	long := func(n int) string { return strings.Repeat("a", n) }
	register := func(username, email, password string) string {
		return `{"username":` + username + `,"email":` + email + `,"password":` + password + `}`
	}
	const goodName, goodMail, goodPassword = `"alice"`, `"a@b.cn"`, `"1qazxsw2"`
	for name, tt := range map[string]struct {
		body string
		want violated
		msg  string
	}{
		"no body":     {"", blank, "request params[username] notBlank."},
		"blanks":      {" \r\n\t", blank, "request params[username] notBlank."},
		"null":        {"null", blank, "request params[username] notBlank."},
		"empty":       {"{}", blank, "request params[username] notBlank."},
		"nulls":       {register("null", "null", "null"), blank, "request params[username] notBlank."},
		"empty texts": {register(`""`, `" "`, `"\t"`), blank, "request params[username] notBlank."},
		"unknown":     {`{"user":"alice"}`, blank, "request params[username] notBlank."},
		"types": {
			register("1", "[[[]]]", `{"a":1e999}`),
			violated{"username": {"type"}, "email": {"type"}, "password": {"type"}},
			"request params[username] type.",
		},
		"switches": {
			register(goodName, "true", "false"),
			violated{"email": {"type"}, "password": {"type"}},
			"request params[email] type.",
		},
		"huge number": {register(goodName, goodMail, "1e999"), violated{"password": {"type"}}, "request params[password] type."},
		"too long": {
			register(`"`+long(256)+`"`, `"`+long(256)+`@b.cn"`, `"`+long(33)+`"`),
			violated{"username": {"length"}, "email": {"length"}, "password": {"length"}},
			"request params[username] length.",
		},
		"long but within": {
			register(`"`+long(255)+`"`, `"`+long(255)+`"`, `"`+long(32)+`"`),
			violated{"username": {"pattern"}, "email": {"email"}, "password": {"pattern"}},
			"request params[username] pattern.",
		},
		"characters, not bytes": {register(goodName, goodMail, `"`+strings.Repeat("密", 32)+`"`), violated{"password": {"pattern"}}, "request params[password] pattern."},
		"Gitea's names":         {register(`"admin..x"`, goodMail, goodPassword), violated{"username": {"pattern"}}, "request params[username] pattern."},
		"reserved name":         {register(`"API"`, goodMail, goodPassword), violated{"username": {"pattern"}}, "request params[username] pattern."},
		"address":               {register(goodName, `"nobody"`, goodPassword), violated{"email": {"email"}}, "request params[email] email."},
		"password rule":         {register(goodName, goodMail, `"abcdefgh"`), violated{"password": {"pattern"}}, "request params[password] pattern."},
		"NUL": {
			register(`"a\u0000b"`, `"a\u0000@b.cn"`, `"1qazxsw2\u0000"`),
			violated{"username": {"pattern"}, "email": {"pattern"}, "password": {"pattern"}},
			"request params[username] pattern.",
		},
		"not UTF-8": {
			register("\"a\xffb\"", "\"a\xff@b.cn\"", "\"1qazxsw2\xc0\""),
			violated{"username": {"pattern"}, "email": {"pattern"}, "password": {"pattern"}},
			"request params[username] pattern.",
		},
		"half a surrogate": {register(`"a\ud800"`, goodMail, goodPassword), violated{"username": {"pattern"}}, "request params[username] pattern."},
		"line break":       {register(goodName, `"a@b.cn\r\nBcc: c@d.cn"`, goodPassword), violated{"email": {"pattern"}}, "request params[email] pattern."},
	} {
		u := &useCases{}
		w := call(handler(t, u), "registerIndividual", tt.body)
		require.Equal(t, http.StatusOK, w.Code, name)
		got := read(t, w)
		require.Equal(t, "General.ParameterInvalid", got.Code, name)
		require.Equal(t, tt.want, got.Data.RuleViolated, name)
		require.Equal(t, tt.msg, got.Msg, name)
		require.Zero(t, u.asked(), name)
	}
}

// Bodies that are no JSON object at all have no field to blame: the answer says where
// they stop being one.
func TestBodiesThatAreNoObject(t *testing.T) {
	for name, body := range map[string]string{
		"broken": `{"username":`, "array": `[]`, "text": `"alice"`, "number": `1`, "two": `{}{}`, "comma": `{"a":1,}`,
		"raw NUL": "{\"username\":\"a\x00\"}", "only NUL": "\x00", "single quotes": `{'a':1}`,
		"deep array": strings.Repeat("[", 500_000), "deep and closed": strings.Repeat("[", 400_000) + strings.Repeat("]", 400_000),
		"deep in an unknown field": `{"a":` + strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_001),
		"deep in a known field":    `{"username":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}`,
	} {
		for _, endpoint := range slices.AppendSeq([]string{"registerIndividual", "login"}, maps.Keys(changes)) {
			u := &useCases{}
			w := call(handler(t, u), endpoint, body, "Authorization", "token")
			require.Equal(t, http.StatusOK, w.Code, name)
			said := read(t, w)
			require.Equal(t, "General.ParameterInvalid", said.Code, name)
			require.Regexp(t, "^请求体不是(JSON对象|有效的JSON：第1行第[1-9][0-9]*列)$", said.Msg, name)
			require.Zero(t, u.asked(), name)
		}
	}
}

func TestLoginRules(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	for name, tt := range map[string]struct {
		body string
		want violated
		msg  string
	}{
		"empty": {
			"{}",
			violated{"email": {"notBlank"}, "username": {"notBlank"}, "password": {"notBlank"}},
			"request params[email] notBlank.",
		},
		"neither": {
			`{"email":" ","username":null,"password":"x"}`,
			violated{"email": {"notBlank"}, "username": {"notBlank"}},
			"request params[email] notBlank.",
		},
		"one of a wrong type": {`{"username":7,"password":"x"}`, violated{"username": {"type"}}, "request params[username] type."},
		"no password":         {`{"username":"a"}`, violated{"password": {"notBlank"}}, "request params[password] notBlank."},
		"too long": {
			`{"email":"` + long(256) + `","username":"` + long(256) + `","password":"` + long(33) + `"}`,
			violated{"email": {"length"}, "username": {"length"}, "password": {"length"}},
			"request params[email] length.",
		},
		"control characters": {
			`{"email":"a\u0000","username":"a\u001f","password":"a\u0000"}`,
			violated{"email": {"pattern"}, "username": {"pattern"}, "password": {"pattern"}},
			"request params[email] pattern.",
		},
		"not UTF-8": {"{\"username\":\"a\xff\",\"password\":\"x\"}", violated{"username": {"pattern"}}, "request params[username] pattern."},
		"number for a switch": {
			`{"username":"a","password":"x","enableKeepLogin":1}`,
			violated{"enableKeepLogin": {"type"}},
			"request params[enableKeepLogin] type.",
		},
		"message of the first field": {
			`{"username":"a","enableKeepLogin":1}`,
			violated{"password": {"notBlank"}, "enableKeepLogin": {"type"}},
			"request params[password] notBlank.",
		},
	} {
		u := &useCases{}
		got := read(t, call(handler(t, u), "login", tt.body))
		require.Equal(t, "General.ParameterInvalid", got.Code, name)
		require.Equal(t, tt.want, got.Data.RuleViolated, name)
		require.Equal(t, tt.msg, got.Msg, name)
		require.Zero(t, u.asked(), name)
	}
}

func TestContentTypes(t *testing.T) {
	const body = `{"username":"alice","password":"x"}`
	for mediaType, want := range map[string]int{
		"application/json": 200, "application/json; charset=utf-8": 200, "Application/JSON;charset=GBK": 200, "": 200,
		"text/plain": 415, "application/x-www-form-urlencoded": 415, "multipart/form-data": 415, "json": 415, "/": 415, "*/*": 415,
	} {
		u := &useCases{}
		w := call(handler(t, u), "login", body, "Content-Type", mediaType)
		require.Equal(t, want, w.Code, mediaType)
		require.Equal(t, want == 200, u.asked() == 1, mediaType)
		if want == 415 {
			require.Equal(t, outcome{Code: "General.Failure", Msg: "该接口只接受application/json"}, read(t, w), mediaType)
		}
	}
}

func TestBodyOverTheLimit(t *testing.T) {
	endpoints := slices.AppendSeq([]string{"registerIndividual", "login", "logout", "getUserDetail"}, maps.Keys(changes))
	for _, endpoint := range endpoints {
		u := &useCases{}
		w := call(handler(t, u), endpoint, strings.Repeat("[", 10<<20), "Authorization", "token")
		require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
		require.Equal(t, outcome{Code: "General.Failure", Msg: "请求体超过上限1 MiB"}, read(t, w))
		require.Zero(t, u.asked())
	}
}
