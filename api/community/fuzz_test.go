package community

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
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
	require.True(j.t, in.NoUsername && accepted("email", in.Email) && app.PasswordAllowed(in.Password.Reveal()))
	require.NotEmpty(j.t, in.EmailCode)
	return saga.Receipt{}, nil
}

func (j judge) SignIn(_ context.Context, in app.Credentials) (app.SignedIn, saga.Receipt, error) {
	require.NotEmpty(j.t, in.Username+in.Email)
	require.LessOrEqual(j.t, utf8.RuneCountInString(in.Password.Reveal()), app.MaxPasswordChecked)
	require.True(j.t, in.HumanCheck && in.TTL == sessionTTL && in.IP != "")
	return app.SignedIn{}, saga.Receipt{}, nil
}

func (j judge) SignInByCode(_ context.Context, in app.Credentials) (app.SignedIn, saga.Receipt, error) {
	require.True(j.t, in.Email != "" && in.Code != "" && in.HumanCheck && in.Password == "")
	return app.SignedIn{}, saga.Receipt{}, nil
}

func (j judge) Solve(_ context.Context, in app.Solution) error {
	require.True(j.t, len(in.ID) <= 4*64 && len(in.Answer) <= maxPlace && in.Client != "" && in.Kind == app.SliderChallenge)
	return nil
}

func (j judge) SendMailCodeToHuman(_ context.Context, email string, _ app.Purpose, client, _ string) (saga.Receipt, error) {
	require.True(j.t, accepted("email", email) && client != "")
	return saga.Receipt{}, nil
}

func (j judge) ResetPassword(_ context.Context, in app.PasswordReset) (saga.Receipt, error) {
	require.True(j.t, accepted("email", in.Email) && app.PasswordAllowed(in.New.Reveal()) && in.Code != "")
	require.True(j.t, in.NeedsPermit && in.Client != "")
	return saga.Receipt{}, nil
}

func (judge) Authenticate(context.Context, app.Secret) (app.Principal, error) {
	return app.Principal{Account: app.Account{Role: app.SuperAdministrator}}, nil
}

func (judge) Person(context.Context, app.Principal) (app.Person, error) { return app.Person{}, nil }

func (j judge) EditPerson(_ context.Context, _ app.Principal, in app.PersonChange) (saga.Receipt, error) {
	require.True(j.t, in.OwnPictures && (in.Nickname == nil || sound(*in.Nickname)))
	if gender := in.Attributes.Gender; gender != nil {
		require.LessOrEqual(j.t, *gender, app.Female)
	}
	if born := in.Attributes.Birthday; born != nil {
		require.Equal(j.t, *born, born.UTC().Truncate(24*time.Hour))
	}
	return saga.Receipt{}, nil
}

// sound is a text that the use cases may judge.
func sound(text string) bool {
	return utf8.ValidString(text) && strings.TrimSpace(text) != ""
}

func (judge) UserIDOf(context.Context, string) (int64, error) {
	return 0, &app.Error{Kind: app.NotFound}
}

func (judge) PersonToChange(context.Context, app.Principal, int64) (app.Person, error) {
	return app.Person{Account: app.Account{Email: "alice@example.com"}}, nil
}

func (j judge) ModifyPerson(_ context.Context, _ app.Principal, _ int64, in app.PersonModification) (saga.Receipt, error) {
	require.True(j.t, sound(*in.Nickname) && !in.OwnPictures)
	require.True(j.t, in.Email == nil || !strings.Contains(*in.Email, mask))
	return saga.Receipt{}, nil
}

func (j judge) SetRole(_ context.Context, _ app.Principal, _ int64, role app.Role) (saga.Receipt, error) {
	require.Contains(j.t, app.Roles(), role)
	return saga.Receipt{}, nil
}

func (judge) RemovePerson(context.Context, app.Principal, int64) (saga.Receipt, error) {
	return saga.Receipt{}, nil
}

// accepted reports whether the field takes the text, which the use cases normalise.
func accepted(name, text string) bool {
	field, known := app.FieldNamed(name)
	return known && field.Check(text) == ""
}

// FuzzRequest sends any body to any endpoint that reads one: the answer is the
// envelope, and what reaches the use cases keeps the rules.
func FuzzRequest(f *testing.F) {
	var paths []string
	for _, route := range New(Options{}).Routes {
		if route.Method == http.MethodPost {
			paths = append(paths, route.Path)
		}
	}
	for _, body := range []string{
		`{"email":"a@b.cn","code":"A2B3C4","password":"1qazxsw2"}`, `{"email":"alice","password":"1"}`,
		`{"captchaId":"a","x":17,"email":"a@b.cn"}`, `{"captchaId":"a","x":"17.5"}`, `{"spacecover":"http://a/b.png"}`,
		`{"avatar":"","name":"N","birthday":"1970-1-1","gender":1,"sign":"S"}`, `{"avatar":"","name":"N","birthday":"9999-12-31T23:59:59Z"}`,
		`{"id":26010100000001,"name":"N","email":"a****e@example.com","sign":"","role":2}`, `{"id":"1","name":"N","email":"b@b.cn","role":"0"}`,
		`{"email":"a\u0000b","code":"\ud800"}`, "null", "[]", "{", "", "\ufeff{}", strings.Repeat("[", 20_000),
	} {
		for i := range paths {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, path uint8, body []byte) {
		served := New(Options{Service: judge{t: t}, Zone: time.UTC})
		served.OpenAPI = nil // reading it takes most of the time
		h, err := api.New(api.Options{Dialects: []api.Dialect{served}, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodPost, paths[int(path)%len(paths)], strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var got envelope
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got), "%s", w.Body)
		require.Contains(t, []code{success, parameterInvalid}, got.Code)
	})
}
