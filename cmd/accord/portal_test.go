package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// portalAnswer is the envelope of the portal dialect; data that is no object is
// left out.
type portalAnswer struct {
	Code int
	Data struct {
		session
		Token, CaptchaID string
	}
}

// portal sends one request to the portal dialect; in nil is a GET.
func (l *life) portal(call, token string, in map[string]string) portalAnswer {
	l.t.Helper()
	method, sent := http.MethodGet, ""
	if in != nil {
		text, err := json.Marshal(in)
		require.NoError(l.t, err)
		method, sent = http.MethodPost, string(text)
	}
	request, err := http.NewRequestWithContext(l.t.Context(), method, l.url+"/api/v1/"+call, strings.NewReader(sent))
	require.NoError(l.t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(l.t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(l.t, err)
	var a portalAnswer
	err = json.Unmarshal([]byte(strings.Replace(string(text), `"data":""`, `"data":null`, 1)), &a)
	require.NoError(l.t, err, "%s: %s", call, text)
	a.Data.client, a.Data.AccessToken = l.client, a.Data.Token
	return a
}

// portalDone requires that a request succeeds.
func (l *life) portalDone(call, token string, in map[string]string) portalAnswer {
	l.t.Helper()
	a := l.portal(call, token, in)
	require.Equal(l.t, 1000, a.Code, call)
	return a
}

func (l *life) joinByPortal() {
	l.portalDone("sendEmailCode", "", map[string]string{"email": l.person.email})
	l.portalDone("register", "", map[string]string{
		"username": l.person.name, "email": l.person.email, "code": l.mailedCode(l.person.email),
		"password": l.person.password, "repassword": l.person.password,
	}).Data.alive(l.t, l.site.Gitea.URL)
}

func (l *life) signInByPortal() session {
	return l.portalDone("login", "", map[string]string{"username": l.person.name, "password": l.person.password}).Data.session
}

// TestThePortalOnRealSystems goes the way of its document: a captcha, register,
// sign in, push, and the three calls of a forgotten password.
func TestThePortalOnRealSystems(t *testing.T) {
	for _, driver := range databases {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, driver)
			l := &life{t, site, site.start(t), newPerson()}
			l.readsPicture()
			l.joinByPortal()
			in := l.signInByPortal()
			in.push(t, site.Gitea.URL, l.person)
			in.alive(t, site.Gitea.URL)
			(&life{t, site, l.client, newPerson()}).forgetsByPortal()
			in.alive(t, site.Gitea.URL)
		})
	}
}

// readsPicture solves a captcha: a wrong answer first, and the right one once.
func (l *life) readsPicture() {
	drawn := l.portalDone("capacha/get", "", nil).Data.CaptchaID
	solve := func(answer string) int {
		sent := url.Values{"capachaId": {drawn}, "capachaVal": {answer}}
		return l.portal(fmt.Sprint("capacha/verify?", sent.Encode()), "", nil).Code
	}
	digits := l.answerOf(drawn, app.PictureChallenge)
	require.Equal(l.t, []int{1001, 1000, 1001}, []int{solve("x" + digits), solve(digits), solve(digits)})
}

// forgetsByPortal is about somebody who registered through the main dialect: an
// address gets one code a minute.
func (l *life) forgetsByPortal() {
	l.joinByInfinite()
	old, before := l.signInByPortal(), l.person
	l.portalDone("sendEmailCode", "", map[string]string{"email": l.person.email})
	code := map[string]string{"email": l.person.email, "code": l.mailedCode(l.person.email)}
	token := l.portalDone("forgetPassword/verifyEmailCode", "", code).Data.Token

	l.person.password = "2wsxzaq1"
	set := map[string]string{"username": l.person.name, "password": l.person.password, "repassword": l.person.password}
	in := l.portalDone("forgetPassword/verifyEmailCode", token, set).Data // that path, as the document has it
	old.dead(l.t, l.site.Gitea.URL)
	in.alive(l.t, l.site.Gitea.URL)
	require.Equal(l.t, 1007, l.portal("forgetPassword/verifyEmailCode", token, set).Code, "a token sets one password")
	require.Equal(l.t, 1005, l.portal("login", "", map[string]string{"username": before.name, "password": before.password}).Code)
	l.signInByPortal().alive(l.t, l.site.Gitea.URL)
}
