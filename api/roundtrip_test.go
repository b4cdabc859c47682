package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"accord/api/wiretest/stage"
)

// front is a front-end of one dialect that shows its user a form, and sends the
// whole form back.
type front struct {
	// shows reads the form, as the dialect names its fields.
	shows func(t require.TestingT) map[string]any
	// sends reports whether the dialect took the form.
	sends func(t require.TestingT, form map[string]any) bool
	// texts are the fields of the form that users fill in.
	texts []string
}

const (
	asJSON = "application/json"
	asForm = "application/x-www-form-urlencoded"
)

// user is somebody who has registered, and a client that asks in their name.
type user struct {
	ask func(t require.TestingT, path, mediaType, body string) map[string]any
	id  string
}

func newUser(t *testing.T, s *stage.Stage, name string) *user {
	t.Helper()
	token, ctx := "", t.Context()
	u := &user{ask: func(t require.TestingT, path, mediaType, body string) map[string]any {
		method := http.MethodPost
		if body == "" {
			method = http.MethodGet
		}
		r, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("Content-Type", mediaType)
		r.Header.Set("Authorization", token)
		res, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		var got map[string]any
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(&got), "%s", text)
		return got
	}}
	account := fmt.Sprintf(`{"username":%q,"email":"%s@example.com","password":"1qazxsw2"}`, name, name)
	require.Equal(t, "General.Success", u.ask(t, "/api/user/registerIndividual", asJSON, account)["code"])
	token, _ = inside(u.ask(t, "/api/user/login", asJSON, account), "data")["accessToken"].(string)
	u.id, _ = inside(u.ask(t, "/api/user/getUserDetail", asJSON, "{}"), "data")["userIdStr"].(string)
	return u
}

// inside is the object of that name in an answer; nil if there is none.
func inside(answer map[string]any, name string) map[string]any {
	object, _ := answer[name].(map[string]any)
	return object
}

func written(t require.TestingT, form map[string]any) string {
	text, err := json.Marshal(form)
	require.NoError(t, err)
	return string(text)
}

// fronts are those of every dialect that shows profiles.
func (u *user) fronts() map[string]front {
	return map[string]front{
		"infinite": {
			shows: func(t require.TestingT) map[string]any {
				shown := inside(u.ask(t, "/api/user/getUserDetail", asJSON, "{}"), "data")
				return map[string]any{
					"nickname": shown["nickname"], "avatarUrl": shown["iconUrl"], "description": shown["description"],
					"website": shown["website"], "location": shown["location"],
				}
			},
			sends: func(t require.TestingT, form map[string]any) bool {
				return u.ask(t, "/api/user/editUser", asJSON, written(t, form))["code"] == "General.Success"
			},
			texts: []string{"nickname", "description", "website", "location"},
		},
		"community": {
			shows: func(t require.TestingT) map[string]any {
				return inside(inside(u.ask(t, "/api/v1/user/info/get", asJSON, ""), "data"), "user_info")
			},
			sends: func(t require.TestingT, form map[string]any) bool {
				return u.ask(t, "/api/v1/user/info/modify", asJSON, written(t, form))["code"] == json.Number("200")
			},
			texts: []string{"name", "sign"},
		},
		"jpress": {
			shows: func(t require.TestingT) map[string]any {
				return inside(u.ask(t, "/api/user/detail", asForm, "id="+u.id), "user")
			},
			sends: func(t require.TestingT, form map[string]any) bool {
				return u.ask(t, "/api/user/update", asForm, url.Values{"user": {written(t, form)}}.Encode())["state"] == "ok"
			},
			texts: []string{
				"nickname", "realname", "anonym", "signature", "company", "occupation", "address", "zipcode", "site", "graduateschool",
				"education", "idcardtype", "idcard", "createSource",
			},
		},
	}
}

// adopted are descriptions, websites and places that Gitea had before us.
var adopted = [][3]string{
	{strings.Repeat("长", 255), "http://a.test/" + strings.Repeat("x", 200), " there "},
	{" one\r\ntwo ", "HTTP://a.test", "e\u0301"},
	{"\u202e", "", strings.Repeat("\u3000", 50)},
}

// TestWhatIsShownIsAccepted: whatever one dialect stored, or an adopted user had,
// every dialect that shows it takes back, and it stays as it was.
func TestWhatIsShownIsAccepted(t *testing.T) {
	s := stage.New(t, stage.Options{Dialects: everyDialect})
	u := newUser(t, s, "alice")
	all := u.fronts()
	rapid.Check(t, func(rt *rapid.T) {
		if there := rapid.SampledFrom(append(adopted, [3]string{})).Draw(rt, "adopted"); there[0] != "" {
			s.Texts(t, fmt.Sprintf("UPDATE accounts SET description = '%s', website = '%s', location = '%s' RETURNING id", there[0], there[1], there[2]))
		}
		by := all[rapid.SampledFrom([]string{"infinite", "community", "jpress"}).Draw(rt, "dialect")]
		form := by.shows(rt)
		for _, text := range rapid.SliceOfDistinct(rapid.SampledFrom(by.texts), rapid.ID).Draw(rt, "fields") {
			form[text] = forms().Draw(rt, text)
		}
		by.sends(rt, form) // or refuses: then nothing has changed
		before := map[string]map[string]any{}
		for name, dialect := range all {
			before[name] = dialect.shows(rt)
		}
		for name, dialect := range all {
			require.True(rt, dialect.sends(rt, before[name]), "%s refuses %v", name, before[name])
			for other, there := range all {
				require.Equal(rt, before[other], there.shows(rt), "sent back in %s", name)
			}
		}
	})
}
