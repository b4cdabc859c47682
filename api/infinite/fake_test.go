package infinite

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/app"
	"accord/saga"
)

// useCases records what it is asked and answers with what it is given.
type useCases struct {
	err           error
	account       app.Account
	session       app.Session
	grant         app.Grant
	registrations []app.Registration
	credentials   []app.Credentials
	tokens        []app.Secret
	signedOut     []app.Principal
	changes       []change
}

// change is a use case that was asked for, by whom where one must be signed in,
// and with what.
type change struct {
	name string
	who  int64 // the userId
	in   any
}

func (u *useCases) changed(name string, p app.Principal, in any) (saga.Receipt, error) {
	u.changes = append(u.changes, change{name, p.Account.UserID, in})
	return saga.Receipt{ID: "saga-of-" + name}, u.err
}

func (u *useCases) SendMailCode(_ context.Context, email string, _ app.Purpose, language string) (saga.Receipt, error) {
	return u.changed("mail-code", app.Principal{}, [2]string{email, language})
}

func (u *useCases) SendSMSCode(_ context.Context, country, mobile string, _ app.Purpose, client, language string) (saga.Receipt, error) {
	return u.changed("sms-code", app.Principal{}, [4]string{country, mobile, client, language})
}

func (u *useCases) Edit(_ context.Context, p app.Principal, in app.Profile) (saga.Receipt, error) {
	return u.changed("edit", p, in)
}

func (u *useCases) ChangeEmail(_ context.Context, p app.Principal, in app.EmailChange) (saga.Receipt, error) {
	return u.changed("email", p, in)
}

func (u *useCases) ChangePassword(_ context.Context, p app.Principal, in app.PasswordChange) (saga.Receipt, error) {
	return u.changed("password", p, in)
}

func (u *useCases) ResetPassword(_ context.Context, in app.PasswordReset) (saga.Receipt, error) {
	return u.changed("reset", app.Principal{}, in)
}

func (u *useCases) ChangeMobile(_ context.Context, p app.Principal, in app.MobileChange) (saga.Receipt, error) {
	return u.changed("mobile", p, in)
}

func (u *useCases) Delete(_ context.Context, p app.Principal, password app.Secret) (saga.Receipt, error) {
	return u.changed("delete", p, password)
}

func (u *useCases) Upload(_ context.Context, p app.Principal, data []byte) (string, error) {
	_, err := u.changed("upload", p, string(data))
	return "https://storage.example/picture.png", err
}

func (u *useCases) Register(_ context.Context, in app.Registration) (saga.Receipt, error) {
	u.registrations = append(u.registrations, in)
	return saga.Receipt{ID: "saga-of-register"}, u.err
}

func (u *useCases) SignIn(_ context.Context, in app.Credentials) (app.SignedIn, saga.Receipt, error) {
	u.credentials = append(u.credentials, in)
	return app.SignedIn{
		Account: u.account, Session: u.session, AccessToken: "access", GiteaToken: "gitea", Grant: u.grant,
	}, saga.Receipt{ID: "saga-of-login"}, u.err
}

func (u *useCases) SignOut(_ context.Context, p app.Principal) (saga.Receipt, error) {
	u.signedOut = append(u.signedOut, p)
	return saga.Receipt{ID: "saga-of-logout"}, u.err
}

func (u *useCases) Authenticate(_ context.Context, token app.Secret) (app.Principal, error) {
	u.tokens = append(u.tokens, token)
	if token == "" {
		return app.Principal{}, &app.Error{Kind: app.TokenMissing}
	}
	return app.Principal{Account: u.account, Session: u.session}, nil
}

// asked is how many changes the use cases were asked for.
func (u *useCases) asked() int {
	return len(u.registrations) + len(u.credentials) + len(u.signedOut) + len(u.changes)
}

var shanghai = time.FixedZone("UTC+8", 8*60*60)

func handler(t testing.TB, u UseCases) http.Handler {
	t.Helper()
	h, err := api.New(api.Options{
		Dialects: []api.Dialect{New(Options{Service: u, Zone: shanghai})},
		Logger:   slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return h
}

// call posts a JSON body to an endpoint, with headers as name and value in turn.
func call(h http.Handler, name, body string, headers ...string) *httptest.ResponseRecorder {
	return send(h, "/api/user/"+name, strings.NewReader(body), append([]string{"Content-Type", "application/json"}, headers...)...)
}

// send posts a body to a path.
func send(h http.Handler, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// outcome is the envelope of an answer, read back.
type outcome struct {
	Code string
	Data struct{ RuleViolated map[string][]string }
	Msg  string
}

func read(t testing.TB, w *httptest.ResponseRecorder) outcome {
	t.Helper()
	var got outcome
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got), "answer %d %q", w.Code, w.Body)
	return got
}
