package jpress

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/api/body"
	"accord/app"
	"accord/saga"
)

// judge takes whatever reaches the use cases and fails what breaks their rules.
type judge struct{ t *testing.T }

const alice = 7

func (judge) Authenticate(context.Context, app.Secret) (app.Principal, error) {
	return app.Principal{Account: app.Account{UserID: alice, Username: "alice", Email: "a@b.cn", Role: app.SuperAdministrator}}, nil
}

func (j judge) SignIn(_ context.Context, in app.Credentials) (app.SignedIn, saga.Receipt, error) {
	require.NotEqual(j.t, in.Username == "", in.Email == "")
	require.NotEmpty(j.t, in.Password)
	require.LessOrEqual(j.t, utf8.RuneCountInString(in.Password.Reveal()), app.MaxPasswordChecked)
	require.LessOrEqual(j.t, utf8.RuneCountInString(in.Username+in.Email), maxAccount)
	return app.SignedIn{}, saga.Receipt{}, nil
}

func (j judge) RegisterAccount(context.Context, app.Registration) (app.Account, saga.Receipt, error) {
	require.Fail(j.t, "a signed-in administrator creates in his own name")
	return app.Account{}, saga.Receipt{}, nil
}

func (j judge) CreatePerson(_ context.Context, _ app.Principal, in app.Registration) (app.Account, saga.Receipt, error) {
	require.NotEmpty(j.t, strings.TrimSpace(in.Username))
	require.NotEmpty(j.t, in.Password)
	require.NotEmpty(j.t, in.Email+in.Mobile)
	require.Equal(j.t, in.Mobile != "", in.MobileVerified)
	require.False(j.t, in.EmailVerified, "nothing proves it")
	require.Empty(j.t, in.Role)
	require.True(j.t, body.Printable(in.Username+in.Email+in.Nickname+in.Website+in.Attributes.RealName))
	return app.Account{UserID: alice}, saga.Receipt{}, nil
}

func (j judge) UserIDOf(_ context.Context, accountID string) (int64, error) {
	require.Len(j.t, accountID, 14)
	if accountID == "00000000000008" {
		return 0, &app.Error{Kind: app.NotFound}
	}
	return strconv.ParseInt(accountID, 10, 64)
}

func (j judge) PersonToChange(ctx context.Context, who app.Principal, userID int64) (app.Person, error) {
	return j.PersonDetail(ctx, who, userID)
}

func (j judge) PersonDetail(_ context.Context, _ app.Principal, userID int64) (app.Person, error) {
	require.True(j.t, userID > 0 || userID == nobody)
	return app.Person{Account: app.Account{UserID: userID, Username: "alice", Email: "a@b.cn"}}, nil
}

func (j judge) EditPerson(_ context.Context, _ app.Principal, in app.PersonChange) (saga.Receipt, error) {
	j.change(in)
	return saga.Receipt{}, nil
}

func (j judge) ModifyPerson(_ context.Context, _ app.Principal, userID int64, in app.PersonModification) (saga.Receipt, error) {
	require.True(j.t, userID != 0 && userID != alice)
	require.True(j.t, in.Email == nil || *in.Email != "")
	j.change(in.PersonChange)
	return saga.Receipt{}, nil
}

func (j judge) change(in app.PersonChange) {
	require.True(j.t, in.Nickname == nil || strings.TrimSpace(*in.Nickname) != "")
	require.True(j.t, in.AvatarURL == nil || strings.TrimSpace(*in.AvatarURL) != "")
	if in.Attributes.Gender != nil {
		require.LessOrEqual(j.t, *in.Attributes.Gender, app.Female)
	}
}

func (j judge) ChangePassword(_ context.Context, _ app.Principal, in app.PasswordChange) (saga.Receipt, error) {
	require.True(j.t, in.Old != "" && app.PasswordAllowed(in.New.Reveal()))
	return saga.Receipt{}, nil
}

func (j judge) SetPasswordFor(_ context.Context, _ app.Principal, userID int64, password app.Secret) (saga.Receipt, error) {
	require.True(j.t, userID != 0 && app.PasswordAllowed(password.Reveal()))
	return saga.Receipt{}, nil
}

// FuzzRequest sends any form, and any text as its user, to any endpoint: the
// answer has a state, and what reaches the use cases keeps the rules.
func FuzzRequest(f *testing.F) {
	routes := New(Options{}).Routes
	for _, sent := range []string{
		"", "&&==;", "user=%zz", "loginAccount=alice&password=1", "loginAccount=a%40b.cn&password=1", "id=7", "id=-1", "id=%ff",
		"userId=7&newPassword=2wsxzaq1&oldPassowrd=1qazxsw2", "userId=8&newPassword=2wsxzaq1", "userId=7&newPassword=2wsxzaq1&oldPassword=x",
		`{"username":"bob","email":"b@b.cn","password":"1qazxsw2","gender":"男","birthday":"2022-08-30 09:20:32"}`,
		`{"id":7,"nickname":" ","avatar":"","gender":2,"site":"https://a.cn","remark":"a\nb"}`, `{"id":"8","email":"c@b.cn"}`,
		`{"id":9223372036854775807,"birthday":""}`, `{"id":1e3,"gender":{},"birthday":0}`, `{"username":"a\u0000b","email":"\ud800"}`,
		"null", "[]", "{", "\ufeff{}", strings.Repeat("[", 20_000),
	} {
		for i := range routes {
			f.Add(uint8(i), sent, strings.HasPrefix(sent, "{"))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, sent string, asUser bool) {
		if asUser {
			sent = url.Values{"user": {sent}}.Encode()
		}
		d := New(Options{Service: judge{t}, Zone: time.UTC})
		d.OpenAPI = nil // reading it takes longer than the rest
		h, err := api.New(api.Options{Dialects: []api.Dialect{d}, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		route := routes[int(which)%len(routes)]
		r := httptest.NewRequest(route.Method, route.Path, strings.NewReader(sent))
		if route.Method == http.MethodGet {
			r = httptest.NewRequest(route.Method, route.Path, http.NoBody)
			r.URL.RawQuery = sent
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var got struct{ State, Message string }
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got), "%s", w.Body)
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, []string{ok, fail}, got.State)
		require.Equal(t, got.State == fail, got.Message != "")
	})
}
