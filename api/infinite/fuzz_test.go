package infinite

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// endpoints are those that read a body, uploads last.
var endpoints = append(
	slices.AppendSeq([]string{"registerIndividual", "login"}, slices.Values(slices.Sorted(maps.Keys(changes)))),
	"../file/upload",
)

// accepted reports whether the field takes the text, which the use cases normalise.
func accepted(name, text string) bool {
	field, known := app.FieldNamed(name)
	return known && field.Check(text) == ""
}

// FuzzRequest sends any body under any content type: the answer is a documented
// one, never the server's fault, and what reaches the use cases keeps the rules.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{
		`{"username":"alice","email":"a@b.cn","password":"1qazxsw2"}`,
		`{"email":"test@qq.com","password":"888888","enableKeepLogin ":"keepLogin.enable"}`,
		`{"username":"admin","password":"888888","enableKeepLogin":true}`,
		`{"username":7,"email":[[]],"password":{"a":1e999},"enableKeepLogin":0}`,
		`{"email":"a@b.cn","password":"1qazxsw2","verifyCode":"A2B3C4"}`,
		`{"internationalCode":"86","mobile":"15651234567"}`,
		`{"nickname":"n","avatarUrl":"u","description":"","website":null,"location":7}`,
		`{"username":"a\u0000b","email":"\ud800","password":"\u001f"}`,
		"{\"username\":\"\xff\"}", "null", "[]", "{", "", "\ufeff{}", `{"username":"a"}{}`,
		strings.Repeat("[", 20_000),
	} {
		for endpoint := range endpoints {
			f.Add(uint8(endpoint), "application/json", []byte(body))
		}
	}
	f.Add(uint8(0), "", []byte("{}"))
	f.Add(uint8(1), "application/json; charset", []byte("{}"))
	f.Add(uint8(1), "multipart/form-data; boundary=x", []byte("--x--"))
	f.Add(uint8(len(endpoints)-1), "multipart/form-data; boundary=x", []byte("--x\nContent-Disposition: form-data; name=file\n\nx\n--x--"))

	f.Fuzz(func(t *testing.T, endpoint uint8, mediaType string, body []byte) {
		u := &useCases{}
		target := path.Join("/api/user", endpoints[int(endpoint)%len(endpoints)])
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(string(body)))
		r.Header.Set("Content-Type", mediaType)
		r.Header.Set("Authorization", "token")
		w := httptest.NewRecorder()
		handler(t, u).ServeHTTP(w, r)

		require.True(t, utf8.Valid(w.Body.Bytes()))
		got := read(t, w)
		wantStatus, ok := map[string]int{
			"General.Success": 200, "General.ParameterInvalid": 200, "General.Failure": 415,
		}[got.Code]
		require.True(t, ok, "code %s", got.Code)
		require.Equal(t, wantStatus, w.Code)
		require.Equal(t, got.Code == "General.Success", u.asked() == 1)
		for _, in := range u.registrations {
			require.True(t, accepted("username", in.Username) && accepted("email", in.Email) && app.PasswordAllowed(in.Password.Reveal()))
		}
		for _, in := range u.credentials {
			require.NotEmpty(t, in.Username+in.Email)
			require.LessOrEqual(t, utf8.RuneCountInString(in.Password.Reveal()), app.MaxPasswordChecked)
		}
	})
}
