package jpress_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api/jpress"
)

const formType = "application/x-www-form-urlencoded"

// bodies are what is no good request at any endpoint.
func bodies() map[string]struct {
	mediaType, body string
	status          int
} {
	type bad = struct {
		mediaType, body string
		status          int
	}
	user := func(text string) bad { return bad{formType, "user=" + url.QueryEscape(text), 200} }
	long := strings.Repeat("a", 2<<20)
	return map[string]bad{
		"nothing": {formType, "", 200}, "no pairs": {formType, "&&==&", 200}, "garbled": {formType, "user=%zz&loginAccount=%", 200},
		"not UTF-8": {formType, "user=%ff&loginAccount=%00&password=%00&id=%ff&userId=%ff&newPassword=%ff", 200},
		"too large": {formType, "user=" + long + "&loginAccount=" + long, 413},
		"no number": {formType, "id=1e3&userId=-1&newPassword=2wsxzaq1", 200}, "over a number": {formType, "id=9223372036854775808&userId=1x", 200},
		"text": {"text/plain", "user={}", 415}, "a garbled type": {"garbled;;", "user={}", 415},
		"no object": user("[]"), "a text": user(`"x"`), "null": user("null"), "cut off": user(`{"username":`), "two": user(`{}{}`),
		"deep": user(`{"username":` + strings.Repeat("[", 20_000)), "empty": user("{}"), "blank": user("  "),
		"types":        user(`{"id":{},"username":7,"email":[],"password":true,"gender":{},"birthday":20220830,"site":1}`),
		"NUL":          user(`{"id":1,"username":"a\u0000b","email":"\ud800@example.com","password":"1qazxsw2"}`),
		"numbers":      user(`{"id":1.5,"username":"alice","email":"a@example.com","password":12345678}`),
		"lengths":      user(`{"id":1,"username":"` + strings.Repeat("a", 300) + `","email":"a@example.com","password":"1qazxsw2"}`),
		"a loose site": user(`{"id":1,"username":"alice","email":"a@example.com","password":"1qazxsw2","site":"javascript:alert(1)"}`),
		"a shy avatar": user(`{"id":1,"username":"alice","email":"a@example.com","password":"1qazxsw2","avatar":"http://169.254.169.254/"}`),
	}
}

// TestBadBodiesWriteNothing: whatever is no good request changes nothing at any
// endpoint, whoever sends it, and is answered in the dialect's own way.
func TestBadBodiesWriteNothing(t *testing.T) {
	s := newStage(t)
	boss := newcomer(t, s, "boss", "administrator")
	alice := newcomer(t, s, "alice", "")
	before := s.State(t)
	for name, bad := range bodies() {
		for _, route := range jpress.New(jpress.Options{}).Routes {
			if route.Method != http.MethodPost {
				continue
			}
			for _, token := range []string{boss.token, alice.token, ""} {
				status, body := ask(t, s, route.Method, route.Path, bad.mediaType, token, bad.body)
				require.Equal(t, bad.status, status, "%s %s", name, route.Path)
				if route.Path == "/api/user/login" && status == http.StatusUnsupportedMediaType {
					continue // it is the main dialect's too, which answers
				}
				require.True(t, strings.HasPrefix(body, `{"state":"fail","message":"`), "%s at %s: %s", name, route.Path, body)
			}
		}
	}
	require.Equal(t, before, s.State(t))
}

// TestAViolationNamesTheField of the document, also where the domain calls it
// otherwise.
func TestAViolationNamesTheField(t *testing.T) {
	s := newStage(t)
	alice := newcomer(t, s, "alice", "")
	violated := func(path, form, field string) {
		_, body := ask(t, s, "POST", "/api/user/"+path, formType, alice.token, form)
		require.Regexp(t, `^{"state":"fail","message":"参数错误：`+field+`：[^"]+"}$`, strings.TrimSpace(body))
	}
	for _, field := range []string{
		"nickname", "realname", "identity", "anonym", "signature", "company", "occupation", "address", "zipcode", "site",
		"graduateschool", "education", "avatar", "idcardtype", "idcard", "remark", "createSource", "birthday", "gender",
	} {
		for _, value := range []string{"http://a.test/" + strings.Repeat("x", 1000), `a\u0007b`} {
			violated("update", url.Values{"user": {`{"id":` + alice.id + `,"` + field + `":"` + value + `"}`}}.Encode(), field)
		}
	}
	violated("update", url.Values{"user": {`{"id":` + alice.id + `,"nickname":"a\nb"}`}}.Encode(), "nickname")
	violated("login", "loginAccount=%ff&password=1", "loginAccount")
}
