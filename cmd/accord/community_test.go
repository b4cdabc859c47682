package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/keyring"
	"accord/app"
)

// communityAnswer is the envelope of the community dialect.
type communityAnswer struct {
	Code int
	Data struct {
		session
		Token        string
		RefreshToken string         `json:"refresh_token"`
		ShortToken   string         `json:"access_token"`
		CaptchaID    string         `json:"captchaId"`
		User         map[string]any `json:"user_info"`
		Users        []struct{ UID int64 }
	}
}

// member is a person in front of the community's pages.
type member struct {
	life
	// token goes with every request, where there is one.
	token string
}

// ask sends one request; body nil is a GET.
func (c member) ask(path string, body any) communityAnswer {
	c.t.Helper()
	method, text := http.MethodGet, io.Reader(http.NoBody)
	if body != nil {
		sent, err := json.Marshal(body)
		require.NoError(c.t, err)
		method, text = http.MethodPost, bytes.NewReader(sent)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+"/api/v1/"+path, text)
	require.NoError(c.t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", c.token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(c.t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(c.t, http.StatusOK, response.StatusCode, path)
	var a communityAnswer
	require.NoError(c.t, json.NewDecoder(response.Body).Decode(&a))
	return a
}

// done requires that a request succeeds.
func (c member) done(path string, body any) communityAnswer {
	c.t.Helper()
	a := c.ask(path, body)
	require.Equal(c.t, 200, a.Code, path)
	return a
}

// answerOf looks a challenge's answer up; the transaction that does so ends in
// nothing, and no try is counted.
func (l *life) answerOf(id string, kind app.ChallengeKind) string {
	l.t.Helper()
	ring, err := keyring.Load(l.site.Keys.File)
	require.NoError(l.t, err)
	db, err := openStore(l.t.Context(), l.site.Config, ring, slog.New(slog.DiscardHandler))
	require.NoError(l.t, err)
	defer func() { require.NoError(l.t, db.Close()) }()
	ctx, giveUp := context.WithCancel(l.t.Context())
	defer giveUp()
	var found string
	err = db.Challenges.Solve(ctx, id, kind, time.Now(), func(answer app.Secret) bool {
		found = answer.Reveal()
		giveUp()
		return false
	})
	require.ErrorIs(l.t, err, context.Canceled)
	return found
}

// slide solves a slider.
func (c member) slide() {
	c.t.Helper()
	drawn := c.done("verify/captcha/get", nil).Data.CaptchaID
	c.done("verify/captcha/validate", map[string]string{"captchaId": drawn, "x": c.answerOf(drawn, app.SliderChallenge)})
}

// signIn returns what the person signed in with.
func (c member) signIn() communityAnswer {
	c.t.Helper()
	in := c.done("user/login", map[string]string{"email": c.person.email, "password": c.person.password})
	in.Data.client, in.Data.AccessToken = c.client, in.Data.Token
	return in
}

// TestTheCommunityOnRealSystems goes the way of its document: register, sign in,
// push and upload, change oneself, forget the password, manage.
func TestTheCommunityOnRealSystems(t *testing.T) {
	for _, driver := range databases {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, driver)
			site.Community.TokenPair = true
			c := member{life: life{t, site, site.start(t), newPerson()}}
			require.Equal(t, -1, c.ask("user/code/email", map[string]string{"email": c.person.email}).Code)
			c.slide()
			c.done("user/code/email", map[string]string{"email": c.person.email})
			c.done("user/register", map[string]string{
				"email": c.person.email, "password": c.person.password, "code": c.mailedCode(c.person.email),
			})
			c.entersEverywhere()
			c.changesHimself()
			other := member{life: life{t, site, c.client, newPerson()}}
			other.forgets()
			c.manages(&other)
		})
	}
}

func (c *member) entersEverywhere() {
	in := c.signIn()
	in.Data.alive(c.t, c.site.Gitea.URL)
	c.token = in.Data.Token
	c.person.name, _ = c.done("user/info/get", nil).Data.User["name"].(string)
	in.Data.push(c.t, c.site.Gitea.URL, c.person)
	c.life.signIn(c.t, c.person).alive(c.t, c.site.Gitea.URL)

	c.token = in.Data.ShortToken
	c.done("user/info/get", nil)
	c.token = in.Data.RefreshToken
	require.Equal(c.t, 401, c.ask("user/info/get", nil).Code)
	c.token = c.done("user/token/refresh", nil).Data.Token
	c.done("user/info/get", nil)
}

func (c *member) changesHimself() {
	_, uploaded := c.upload(c.token, redSquare(c.t))
	url, _ := uploaded.Data["url"].(string)
	profile := map[string]any{"avatar": url, "name": "测试", "birthday": "1999-12-31", "gender": 1, "sign": "签名"}
	c.done("user/info/modify", profile)
	c.done("user/cover/modify", map[string]string{"spacecover": url})
	require.Equal(c.t, 400, c.ask("user/cover/modify", map[string]string{"spacecover": url[:len(url)-68] + fmt.Sprintf("%064d.png", 0)}).Code)
	is := c.done("user/info/get", nil).Data.User
	require.Equal(c.t, []any{url, url, "测试", "1999-12-31 00:00:00", 1.0, "签名"},
		[]any{is["avatar"], is["spacecover"], is["name"], is["birthday"], is["gender"], is["sign"]})
	require.Equal(c.t, "测试", giteaAdmin{c.site}.user(c.t, c.person.name)["full_name"])
}

// forgets is about somebody who registered through the main dialect.
func (c *member) forgets() {
	registered, err := c.register(c.person)
	require.NoError(c.t, err)
	require.Equal(c.t, "General.Success", registered.Code)
	old, before := c.signIn(), c.person
	c.slide()
	c.done("user/resetpwd/check?eamil="+c.person.email, nil)
	c.done("user/code/email", map[string]string{"email": c.person.email})
	c.person.password = "2wsxzaq1"
	c.done("user/pwd/modify", map[string]string{
		"email": c.person.email, "password": c.person.password, "code": c.mailedCode(c.person.email),
	})
	c.passwordIs(before)
	old.Data.dead(c.t, c.site.Gitea.URL)
	c.signIn().Data.alive(c.t, c.site.Gitea.URL)
}

// manages acts on somebody.
func (c *member) manages(other *member) {
	require.Equal(c.t, 403, c.ask("user/manage/list", nil).Code)
	_, err := giveRole(c.t.Context(), c.site.Config, c.person.name, app.SuperAdministrator, slog.New(slog.DiscardHandler))
	require.NoError(c.t, err)
	require.Len(c.t, c.done("user/manage/list?page=1&page_size=1", nil).Data.Users, 1)
	found := c.done("user/manage/search&keyword="+other.person.email+"&page=1&page_size=15", nil).Data.Users
	require.Len(c.t, found, 1)
	id := found[0].UID
	c.done("user/manage/modify", map[string]any{"id": id, "name": "改名", "email": "new-" + other.person.email, "sign": "s"})
	user := giteaAdmin{c.site}.user(c.t, other.person.name)
	require.Equal(c.t, []any{"改名", "new-" + other.person.email}, []any{user["full_name"], user["email"]})
	c.done("user/manage/role/modify", map[string]any{"id": id, "role": 1})
	c.done("user/manage/delete", map[string]any{"id": id})
	require.Eventually(c.t, func() bool {
		return giteaAdmin{c.site}.user(c.t, other.person.name) == nil
	}, soon, 50*time.Millisecond)
}
