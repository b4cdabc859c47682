package registry

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
// It remembers the last of each.
type judge struct {
	t          testing.TB
	checked    *app.Registration
	registered *app.Registration
	reset      *app.PasswordReset
	proved     *app.Target
}

func (j *judge) newcomer(in app.Registration) {
	require.True(j.t, in.Username == "" || accepted("username", in.Username) && len(in.Username) <= 12)
	require.Equal(j.t, in.Username == "", in.NoUsername)
	require.True(j.t, in.Email == "" || accepted("email", in.Email))
	require.True(j.t, in.Mobile == "" || app.MobileAllowed(in.Country, in.Mobile))
	length := utf8.RuneCountInString(in.Nickname)
	require.True(j.t, in.Nickname == "" || length >= 2 && length <= 12)
}

func (j *judge) CheckNewcomer(_ context.Context, in app.Registration) error {
	j.newcomer(in)
	j.checked = &in
	return nil
}

func (j *judge) CheckInvite(_ context.Context, code app.Secret) error {
	if code == "good" {
		return nil
	}
	return &app.Error{Kind: app.InviteWrong}
}

func (j *judge) CheckInviter(_ context.Context, username string) error {
	require.NotEmpty(j.t, username)
	if username == "alice" {
		return nil
	}
	return &app.Error{Kind: app.NotFound}
}

func (j *judge) SendMailCode(_ context.Context, email string, _ app.Purpose, _ string) (saga.Receipt, error) {
	require.True(j.t, accepted("email", email))
	return saga.Receipt{}, nil
}

func (j *judge) SendSMSCode(_ context.Context, country, mobile string, _ app.Purpose, client, _ string) (saga.Receipt, error) {
	require.Equal(j.t, "86", country)
	require.Regexp(j.t, `^1[3-9][0-9]{9}$`, mobile)
	require.NotEmpty(j.t, client)
	return saga.Receipt{}, nil
}

func (j *judge) VerifyTarget(_ context.Context, t app.Target, _ app.Secret) error {
	require.NotEqual(j.t, accepted("email", t.Email), app.MobileAllowed(t.Country, t.Mobile), "one of both")
	require.NotEmpty(j.t, t.Client)
	j.proved = &t
	return nil
}

func (j *judge) Register(_ context.Context, in app.Registration) (saga.Receipt, error) {
	j.newcomer(in)
	require.True(j.t, in.Proven && in.Client != "" && !in.EmailVerified && !in.MobileVerified)
	require.True(j.t, app.PasswordAllowed(in.Password.Reveal()))
	require.NotEmpty(j.t, in.Nickname)
	require.NotEmpty(j.t, in.Email+in.Mobile)
	require.Empty(j.t, in.Role)
	j.registered = &in
	return saga.Receipt{}, nil
}

func (j *judge) SendUsername(_ context.Context, email, client, _ string) (saga.Receipt, error) {
	require.True(j.t, accepted("email", email))
	require.NotEmpty(j.t, client)
	return saga.Receipt{}, nil
}

func (j *judge) ResetPassword(_ context.Context, in app.PasswordReset) (saga.Receipt, error) {
	require.True(j.t, app.PasswordAllowed(in.New.Reveal()))
	require.True(j.t, accepted("email", in.Email) || app.MobileAllowed(in.Country, in.Mobile))
	require.True(j.t, in.AfterVerify && in.Client != "")
	j.reset = &in
	return saga.Receipt{}, nil
}

func (j *judge) SignIn(_ context.Context, in app.Credentials) (app.SignedIn, saga.Receipt, error) {
	require.NotEmpty(j.t, in.Username+in.Email+in.Mobile)
	require.LessOrEqual(j.t, utf8.RuneCountInString(in.Password.Reveal()), app.MaxPasswordChecked)
	return app.SignedIn{}, saga.Receipt{}, nil
}

// server serves the dialect over the judge.
func (j *judge) server(invitations bool) http.Handler {
	j.t.Helper()
	h, err := api.New(api.Options{
		Dialects: []api.Dialect{New(Options{Service: j, Invitations: invitations})}, Logger: slog.New(slog.DiscardHandler),
	})
	require.NoError(j.t, err)
	return h
}

// ask sends one request to a server.
func ask(h http.Handler, method, path, mediaType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", mediaType)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// accepted reports whether the field takes the text, which the use cases normalise.
func accepted(name, text string) bool {
	field, known := app.FieldNamed(name)
	return known && field.Check(text) == ""
}

// FuzzRequest sends any body to any endpoint: the answer is true, tokens or a
// reason, and what reaches the use cases keeps the rules.
func FuzzRequest(f *testing.F) {
	routes := New(Options{}).Routes
	for _, body := range []string{
		`{"username":"alice","email":"a@b.cn","phone":"13800138000","password1":"1qazxsw2","password2":"1qazxsw2","nickname":"小爱","code":"A2B3C4"}`,
		`{"email":"a@b.cn","code":"A2B3C4","password":"1qazxsw2"}`, `{"email":"13800138000","code":"A2B3C4"}`,
		`{"nickname":"x","birthday":"2000-02-30","gender":7,"corpId":99999999999,"invateUsername":"alice"}`,
		`{"username":"a\u0000b","email":"\ud800","phone":7,"password":null}`, "email=a%40b.cn&phone=13800138000", "phone=13800138000", "email=nobody", "phone=12345678901", "email=%zz", "=cquo8g",
		"null", "[]", "{", "", "\ufeff{}", strings.Repeat("[", 20_000),
	} {
		for i := range routes {
			f.Add(uint8(i), i%2 == 0, []byte(body))
		}
	}
	j := &judge{t: f}
	servers := map[bool]http.Handler{true: j.server(true), false: j.server(false)}
	f.Fuzz(func(t *testing.T, route uint8, invitations bool, body []byte) {
		j.t = t
		at := routes[int(route)%len(routes)]
		w := ask(servers[invitations], at.Method, at.Path, at.MediaTypes[0], string(body))
		var got any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got), "%s", w.Body)
		switch got := got.(type) {
		case bool:
			require.True(t, got && w.Code == http.StatusOK)
		case string:
			require.True(t, w.Code == http.StatusBadRequest && got != "", "%d %s", w.Code, got)
		default:
			require.Equal(t, prefix+"login", at.Path)
		}
	})
}
