package infinite

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// FuzzRequest sends any body under any content type: the answer is a documented
// one, never the server's fault, and what reaches the use cases keeps the rules.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{
		`{"username":"alice","email":"a@b.cn","password":"1qazxsw2"}`,
		`{"email":"test@qq.com","password":"888888","enableKeepLogin ":"keepLogin.enable"}`,
		`{"username":"admin","password":"888888","enableKeepLogin":true}`,
		`{"username":7,"email":[[]],"password":{"a":1e999},"enableKeepLogin":0}`,
		`{"username":"a\u0000b","email":"\ud800","password":"\u001f"}`,
		"{\"username\":\"\xff\"}", "null", "[]", "{", "", "\ufeff{}", `{"username":"a"}{}`,
		strings.Repeat("[", 20_000),
	} {
		for _, register := range []bool{true, false} {
			f.Add(register, "application/json", []byte(body))
		}
	}
	f.Add(true, "", []byte("{}"))
	f.Add(false, "application/json; charset", []byte("{}"))
	f.Add(false, "multipart/form-data; boundary=x", []byte("--x--"))

	f.Fuzz(func(t *testing.T, register bool, mediaType string, body []byte) {
		endpoint := "login"
		if register {
			endpoint = "registerIndividual"
		}
		u := &useCases{}
		r := httptest.NewRequest(http.MethodPost, "/api/user/"+endpoint, strings.NewReader(string(body)))
		r.Header.Set("Content-Type", mediaType)
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
			require.True(t, app.UsernameAllowed(in.Username) && app.EmailAllowed(in.Email) && app.PasswordAllowed(in.Password.Reveal()))
		}
		for _, in := range u.credentials {
			require.NotEmpty(t, in.Username+in.Email)
			require.LessOrEqual(t, utf8.RuneCountInString(in.Password.Reveal()), app.MaxPasswordChecked)
		}
	})
}
