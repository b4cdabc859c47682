package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/store"
)

// TestAPersonChangesEverything goes through every change that a person can make,
// on real systems, and looks at them from outside.
func TestAPersonChangesEverything(t *testing.T) {
	for _, driver := range databases {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, driver)
			site.SMS.Provider, site.SMS.Dir = "dev", t.TempDir()
			l := life{t, site, site.start(t), newPerson()}
			registered, err := l.register(l.person)
			require.NoError(t, err)
			require.Equal(t, "General.Success", registered.Code)

			l.edits(l.signIn(t, l.person))
			l.resetsThePassword()
			l.changesTheAddress()
			l.changesTheMobile()
			l.changesThePassword()
			l.leaves()
		})
	}
}

// life is a person on a site.
type life struct {
	t    *testing.T
	site site
	client
	person person
}

// done requires that a call succeeds.
func (l *life) done(name, token string, body map[string]string) {
	l.t.Helper()
	require.Equal(l.t, "General.Success", l.code(l.t, name, token, body), name)
}

func (l *life) edits(s session) {
	status, answer := l.upload(s.AccessToken, redSquare(l.t))
	require.Equal(l.t, http.StatusOK, status)
	require.Equal(l.t, "General.Success", answer.Code)
	url, _ := answer.Data["url"].(string)
	require.Equal(l.t, 40, l.picture(url).Bounds().Dx(), "everybody can read it")

	l.done("editUser", s.AccessToken, map[string]string{
		"nickname": "测试", "avatarUrl": url, "description": "小菜鸟", "website": "http://www.example.com", "location": "China",
	})
	detail, err := l.call("getUserDetail", s.AccessToken, struct{}{})
	require.NoError(l.t, err)
	require.Equal(l.t, url, detail.Data["iconUrl"])
	require.Equal(l.t, "小菜鸟", detail.Data["description"])
	require.Eventually(l.t, func() bool {
		avatar, _ := giteaAdmin{l.site}.user(l.t, l.person.name)["avatar_url"].(string)
		r, g, b, _ := l.picture(avatar).At(20, 20).RGBA()
		return r > 0xf000 && g < 0x1000 && b < 0x1000
	}, soon, 50*time.Millisecond, "Gitea has the picture")
	user := giteaAdmin{l.site}.user(l.t, l.person.name)
	require.Equal(l.t, []any{"测试", "小菜鸟", "http://www.example.com", "China"},
		[]any{user["full_name"], user["description"], user["website"], user["location"]})
}

func (l *life) resetsThePassword() {
	old := l.signIn(l.t, l.person)
	l.done("emailVerifyCode", "", map[string]string{"email": l.person.email})
	before := l.person
	l.person.password = "2wsxzaq1"
	l.done("resetUserPassword", "", map[string]string{
		"email": l.person.email, "password": l.person.password, "verifyCode": l.mailedCode(l.person.email),
	})
	l.passwordIs(before)
	require.Eventually(l.t, func() bool { return old.gitea(l.t, l.site.Gitea.URL) == http.StatusUnauthorized }, soon, 50*time.Millisecond)
	old.dead(l.t, l.site.Gitea.URL)
}

// passwordIs requires that the person's password is good in Gitea too, and the
// one of before is not.
func (l *life) passwordIs(before person) {
	l.t.Helper()
	for p, want := range map[person]int{before: http.StatusUnauthorized, l.person: http.StatusOK} {
		require.Equal(l.t, want, giteaStatus(l.t, l.site.Gitea.URL+"/api/v1/user", func(r *http.Request) {
			r.SetBasicAuth(p.name, p.password)
		}))
	}
	require.Equal(l.t, "Account.VerifyError", l.code(l.t, "login", "", map[string]string{
		"username": before.name, "password": before.password,
	}))
	l.signIn(l.t, l.person).alive(l.t, l.site.Gitea.URL)
}

func (l *life) changesTheAddress() {
	s, fresh := l.signIn(l.t, l.person), "new-"+l.person.email
	l.done("emailVerifyCode", "", map[string]string{"email": fresh})
	l.done("modifyUserEmail", s.AccessToken, map[string]string{
		"password": l.person.password, "oriEmail": l.person.email, "email": fresh, "verifyCode": l.mailedCode(fresh),
	})
	l.person.email = fresh
	require.Equal(l.t, fresh, giteaAdmin{l.site}.user(l.t, l.person.name)["email"])
	s.alive(l.t, l.site.Gitea.URL)
}

func (l *life) changesTheMobile() {
	s := l.signIn(l.t, l.person)
	l.done("generateSmsCode", "", map[string]string{"internationalCode": "86", "mobile": "15651234567"})
	l.done("editUserMobile", s.AccessToken, map[string]string{
		"password": l.person.password, "oriMobile": "", "mobile": "15651234567", "smsCode": l.textedCode(),
	})
	detail, err := l.call("getUserDetail", s.AccessToken, struct{}{})
	require.NoError(l.t, err)
	require.Equal(l.t, "15651234567", detail.Data["mobile"])
}

func (l *life) changesThePassword() {
	kept, other := l.signIn(l.t, l.person), l.signIn(l.t, l.person)
	before := l.person
	l.person.password = "3edcxsw2"
	l.done("modifyUserPassword", kept.AccessToken, map[string]string{
		"oriPassword": before.password, "password": l.person.password,
	})
	l.passwordIs(before)
	kept.alive(l.t, l.site.Gitea.URL)
	require.Eventually(l.t, func() bool { return other.gitea(l.t, l.site.Gitea.URL) == http.StatusUnauthorized }, soon, 50*time.Millisecond)
	other.dead(l.t, l.site.Gitea.URL)
}

func (l *life) leaves() {
	s := l.signIn(l.t, l.person)
	require.NoError(l.t, s.put(l.t, s.Storage.Prefix, "hello.txt", "hello"))
	l.done("deleteUser", s.AccessToken, map[string]string{"password": l.person.password})
	s.dead(l.t, l.site.Gitea.URL)
	require.Nil(l.t, giteaAdmin{l.site}.user(l.t, l.person.name))
	again, err := l.register(l.person)
	require.NoError(l.t, err)
	require.Equal(l.t, "General.Success", again.Code, "name and address are free")
	l.signIn(l.t, l.person).alive(l.t, l.site.Gitea.URL)
}

// TestDeletedAccountsWaitOutTheGrace: nothing is removed before it is over, and
// all of it by itself afterwards.
func TestDeletedAccountsWaitOutTheGrace(t *testing.T) {
	site := newSite(t, store.SQLite)
	site.Deletion.Grace, site.Session.SweepEvery = 3*time.Second, 200*time.Millisecond
	api, alice := site.start(t), newPerson()
	registered, err := api.register(alice)
	require.NoError(t, err)
	require.Equal(t, "General.Success", registered.Code)

	s := api.signIn(t, alice)
	require.Equal(t, "General.Success", api.code(t, "deleteUser", s.AccessToken, map[string]string{"password": alice.password}))
	s.dead(t, site.Gitea.URL)
	require.NotNil(t, giteaAdmin{site}.user(t, alice.name), "it can still be brought back")
	require.Eventually(t, func() bool {
		return giteaAdmin{site}.user(t, alice.name) == nil
	}, soon, 100*time.Millisecond)
	require.Eventually(t, func() bool {
		again, err := api.register(alice)
		return err == nil && again.Code == "General.Success"
	}, soon, 100*time.Millisecond)
}

// redSquare is a PNG of 40 by 40.
func redSquare(t testing.TB) []byte {
	t.Helper()
	square := image.NewRGBA(image.Rect(0, 0, 40, 40))
	for i := range 40 * 40 {
		square.Set(i%40, i/40, color.RGBA{R: 0xff, A: 0xff})
	}
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, square))
	return out.Bytes()
}

// upload sends a picture as a form.
func (l *life) upload(token string, picture []byte) (int, answer) {
	l.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "square.png")
	require.NoError(l.t, err)
	_, err = part.Write(picture)
	require.NoError(l.t, err)
	require.NoError(l.t, form.Close())
	request, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.url+"/api/file/upload", &body)
	require.NoError(l.t, err)
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Authorization", token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(l.t, err)
	defer func() { _ = response.Body.Close() }()
	var a answer
	require.NoError(l.t, json.NewDecoder(response.Body).Decode(&a))
	return response.StatusCode, a
}

// picture is what anybody gets at an address.
func (l *life) picture(address string) image.Image {
	l.t.Helper()
	status, text := get(l.t, address)
	require.Equal(l.t, http.StatusOK, status, address)
	decoded, _, err := image.Decode(bytes.NewReader([]byte(text)))
	require.NoError(l.t, err)
	return decoded
}

// codeInMail is a code after a Chinese colon, quoted-printable.
var codeInMail = regexp.MustCompile(`=EF=BC=9A([2-9A-Z]{6})\r\n`)

// mailedCode is the code in the only message with one to that address.
func (l *life) mailedCode(address string) string {
	l.t.Helper()
	files, err := filepath.Glob(filepath.Join(l.site.mail, "*.eml"))
	require.NoError(l.t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(l.t, err)
		found := codeInMail.FindSubmatch(bytes.ReplaceAll(text, []byte("=\r\n"), nil))
		if found != nil && bytes.Contains(text, []byte("<"+address+">")) {
			return string(found[1])
		}
	}
	require.Fail(l.t, "no code was mailed", "to %s", address)
	return ""
}

// textedCode is the code in the only short message.
func (l *life) textedCode() string {
	l.t.Helper()
	files, err := filepath.Glob(filepath.Join(l.site.SMS.Dir, "*.json"))
	require.NoError(l.t, err)
	require.Len(l.t, files, 1)
	file, err := os.Open(files[0])
	require.NoError(l.t, err)
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(file)
	require.NoError(l.t, err)
	var message struct{ Code string }
	require.NoError(l.t, json.Unmarshal(text, &message))
	return message.Code
}
