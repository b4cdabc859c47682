package main

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/store"
)

// frontEnd is how people come and sign in by one dialect.
type frontEnd struct {
	join   func(l *life)
	signIn func(l *life) session
}

// frontEnds are those of all dialects.
var frontEnds = map[string]frontEnd{
	"infinite":  {(*life).joinByInfinite, func(l *life) session { return l.signIn(l.t, l.person) }},
	"portal":    {(*life).joinByPortal, (*life).signInByPortal},
	"community": {(*life).joinByCommunity, func(l *life) session { return member{life: *l}.signIn().Data.session }},
	"jpress":    {(*life).joinByJPress, (*life).signInByJPress},
	"registry": {(*life).joinByRegistry, func(l *life) session {
		return l.signsIn(l.t, fields{"username": l.person.name, "password": l.person.password})
	}},
}

// TestAnAccountOfOneDialectSignsInByAll on one server, with tokens that are good
// on all three systems each time.
func TestAnAccountOfOneDialectSignsInByAll(t *testing.T) {
	site := newSite(t, store.SQLite)
	site.JPress.OpenCreate = true
	require.Len(t, frontEnds, len(site.Dialects))
	api := site.start(t)
	for _, first := range site.Dialects {
		l := &life{t, site, api, newPerson()}
		l.person.name = l.person.name[:12] // the least that every dialect allows
		frontEnds[first].join(l)
		for _, then := range site.Dialects {
			t.Logf("from %s in by %s", first, then)
			frontEnds[then].signIn(l).alive(t, site.Gitea.URL)
		}
	}
}

// TestAnAccountOfANumberAloneSignsInByAll, with the number where a name goes.
func TestAnAccountOfANumberAloneSignsInByAll(t *testing.T) {
	site := newSite(t, store.SQLite)
	site.SMS.Provider, site.SMS.Dir = "dev", t.TempDir()
	const number = "13800138000"
	l := &life{t, site, site.start(t), newPerson()}
	l.carried(t, http.MethodPost, "checkPhone", fields{"phone": number})
	l.carried(t, http.MethodPost, "verifyPhone", fields{"phone": number, "code": l.textedCode()})
	l.carried(t, http.MethodPut, "save", fields{"phone": number, "nickname": "Alice", "password": l.person.password})
	l.person.name, l.person.email = number, number // the community has names where addresses go
	for _, then := range site.Dialects {
		t.Logf("in by %s", then)
		frontEnds[then].signIn(l).alive(t, site.Gitea.URL)
	}
}

func (l *life) joinByInfinite() {
	registered, err := l.register(l.person)
	require.NoError(l.t, err)
	require.Equal(l.t, "General.Success", registered.Code)
}

// joinByCommunity makes an account without a user name of the person's choice.
func (l *life) joinByCommunity() {
	c := member{life: *l}
	c.slide()
	c.done("user/code/email", map[string]string{"email": l.person.email})
	c.done("user/register", map[string]string{
		"email": l.person.email, "password": l.person.password, "code": l.mailedCode(l.person.email),
	})
	c.token = c.signIn().Data.Token
	name, _ := c.done("user/info/get", nil).Data.User["name"].(string)
	require.NotEmpty(l.t, name)
	l.person.name = name
}

func (l *life) joinByJPress() {
	person := fmt.Sprintf(`{"username":%q,"email":%q,"password":%q}`, l.person.name, l.person.email, l.person.password)
	l.jpressDone(l.t, "create", "", url.Values{"user": {person}})
}

func (l *life) signInByJPress() session {
	return l.jpressDone(l.t, "login", "", url.Values{"loginAccount": {l.person.name}, "password": {l.person.password}}).session
}

func (l *life) joinByRegistry() {
	p := l.person
	l.carried(l.t, http.MethodPost, "checkEmailPwd", fields{
		"email": p.email, "username": p.name, "password1": p.password, "password2": p.password,
	})
	require.Eventually(l.t, func() bool { return l.site.mailTo(l.t, p.email) == 1 }, soon, 20*time.Millisecond)
	l.carried(l.t, http.MethodPost, "verifyEmail", fields{"email": p.email, "code": l.mailedCode(p.email)})
	l.carried(l.t, http.MethodPut, "save", fields{
		"email": p.email, "username": p.name, "nickname": "Alice", "password1": p.password, "password2": p.password,
	})
}
