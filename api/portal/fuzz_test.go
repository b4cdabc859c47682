package portal

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/app"
	"accord/saga"
)

// judge takes whatever reaches the use cases and fails what breaks their rules.
type judge struct {
	t *testing.T
	UseCases
}

func (j judge) Register(_ context.Context, in app.Registration) (saga.Receipt, error) {
	require.True(j.t, accepted("username", in.Username) && accepted("email", in.Email) && app.PasswordAllowed(in.Password.Reveal()))
	require.NotEmpty(j.t, in.EmailCode)
	return saga.Receipt{}, nil
}

func (j judge) SignIn(_ context.Context, in app.Credentials) (app.SignedIn, saga.Receipt, error) {
	require.NotEmpty(j.t, in.Username+in.Email)
	require.LessOrEqual(j.t, utf8.RuneCountInString(in.Password.Reveal()), app.MaxPasswordChecked)
	return app.SignedIn{}, saga.Receipt{}, nil
}

func (j judge) SendMailCode(_ context.Context, email string, _ app.Purpose, _ string) (saga.Receipt, error) {
	require.True(j.t, accepted("email", email))
	return saga.Receipt{}, nil
}

func (j judge) VerifyForReset(_ context.Context, email string, _ app.Secret) (app.Secret, error) {
	require.True(j.t, accepted("email", email))
	return "token", nil
}

func (j judge) ResetByToken(_ context.Context, in app.TokenReset) (app.Account, saga.Receipt, error) {
	require.True(j.t, app.PasswordAllowed(in.New.Reveal()))
	return app.Account{ID: "26010100000001", Email: "alice@example.com"}, saga.Receipt{}, nil
}

// accepted reports whether the field takes the text, which the use cases normalise.
func accepted(name, text string) bool {
	field, known := app.FieldNamed(name)
	return known && field.Check(text) == ""
}

// FuzzRequest sends any body to any endpoint that reads one: the answer is the
// envelope, and what reaches the use cases keeps the rules.
func FuzzRequest(f *testing.F) {
	paths := []string{"sendEmailCode", "register", "login", "forgetPassword/verifyEmailCode", "forgetPassword/modify"}
	for _, body := range []string{
		`{"username":"alice","email":"a@b.cn","code":"A2B3C4","repassword":"1qazxsw2","password":"1qazxsw2"}`,
		`{"username":"a@b.cn","password":"1"}`, `{"email":"a@b.cn","code":"A2B3C4"}`, `{"repassword":7,"password":null}`,
		`{"username":"a\u0000b","email":"\ud800"}`, "null", "[]", "{", "", "\ufeff{}", strings.Repeat("[", 20_000),
	} {
		for i := range paths {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, path uint8, body []byte) {
		h, err := api.New(api.Options{
			Dialects: []api.Dialect{New(Options{Service: judge{t: t}})}, Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, "/api/v1/"+paths[int(path)%len(paths)], strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var got envelope
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got), "%s", w.Body)
		require.Contains(t, []code{success, parameterInvalid}, got.Code)
	})
}
