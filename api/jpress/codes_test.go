package jpress

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"accord/app"
)

// TestPhrasesAreTotal: there is a reason for every kind, and every status of an
// account that bars.
func TestPhrasesAreTotal(t *testing.T) {
	for _, kind := range app.Kinds() {
		require.NotEmpty(t, phrases[kind].ZH, "no message for %q", kind)
		require.NotEmpty(t, phrases[kind].EN, "no message for %q", kind)
	}
	require.Len(t, phrases, len(app.Kinds()))
	for _, err := range []error{echo.NewHTTPError(http.StatusTeapot), fmt.Errorf("a defect with details")} {
		require.Equal(t, phrases[app.Internal].EN, explanation(err, "en"))
	}
	for _, status := range []app.Status{app.Paused, app.Locked, app.Stopped} {
		require.NotEmpty(t, barred[status].EN, status)
	}
}

// TestEveryFieldHasADocumentedName: whatever the domain finds wrong is named as
// in the document, and every word for a gender is read again.
func TestEveryFieldHasADocumentedName(t *testing.T) {
	documented := map[string]bool{"internationalCode": true} // nobody sends one here
	for field := range reflect.TypeFor[user]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		documented[name] = true
	}
	for _, name := range []string{
		"sign", "realName", "identity", "anonym", "company", "occupation", "address", "zipcode", "education", "university", "idCardType",
		"idCard", "remark", "source", "gender", "birthday", "username", "email", "password", "nickname", "mobile", "website", "avatarUrl",
	} {
		require.True(t, documented[wireName(name)], name)
	}
	for gender, word := range genderWords {
		require.Equal(t, gender, gendersRead[word])
	}
	require.Len(t, genderWords, 3)
}

// TestAnAnswerHasEveryFieldInOrder: those of the document, and in its order.
func TestAnAnswerHasEveryFieldInOrder(t *testing.T) {
	d := dialect{Options{Zone: time.FixedZone("", 8*60*60)}}
	at := time.Date(2022, 8, 30, 1, 20, 32, 0, time.UTC)
	text, err := json.Marshal(d.user(app.Person{
		Account: app.Account{ID: "26112022001234", UserID: 100, CreatedAt: at, PasswordHash: "a hash", StorageSecret: "a secret"}, SignedInAt: at,
	}))
	require.NoError(t, err)
	var names []string
	for _, name := range regexp.MustCompile(`[{,]"(\w+)":`).FindAllStringSubmatch(string(text), -1) {
		names = append(names, name[1])
	}
	require.Equal(t, strings.Fields("id username nickname realname identity password salt anonym email emailStatus mobile mobileStatus "+
		"gender signature birthday company occupation address zipcode site graduateschool education avatar idcardtype idcard remark "+
		"status created createSource logged activated"), names)
	require.NotContains(t, string(text), "a hash")
	require.NotContains(t, string(text), "a secret")
	require.Contains(t, string(text), `"id":26112022001234,`)
	require.Contains(t, string(text), `"created":"2022-08-30 09:20:32"`)
	require.Contains(t, string(text), `"logged":"2022-08-30 09:20:32"`)
}
