package oauth_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api/oauth"
	"accord/app"
	"accord/app/verify"
)

// FuzzIntrospect sends any credentials and any body: nobody but a client learns
// anything, the answer is one of the protocol's, and nothing sent is repeated.
func FuzzIntrospect(f *testing.F) {
	basic := func(id, secret string) string {
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(id, secret)
		return r.Header.Get("Authorization")
	}
	for _, credentials := range []string{
		basic("billing", secret), basic("wiki", secret+"wiki"), basic("billing", secret[1:]), basic("%62illing", secret), basic("", ""), basic("%zz", secret),
		"Bearer " + goodToken, "Basic", "Basic %", "",
	} {
		for _, body := range []string{
			"token=" + goodToken, "token=" + goodToken + "&token=x", "token_type_hint=x", "token=%zz", "token=%00;", "", strings.Repeat("&", 5000), "token=" + strings.Repeat("x", 17<<10),
		} {
			f.Add(credentials, form, []byte(body))
		}
	}
	f.Add(basic("billing", secret), form+"; charset=utf-8; boundary=\"", []byte("token="+goodToken))
	f.Fuzz(func(t *testing.T, credentials, mediaType string, body []byte) {
		d := newDesk(t, func(o *oauth.Options) { o.Charges = func(string) []verify.Charge { return nil } })
		w := d.ask("", "", mediaType, string(body), "Authorization", credentials)
		require.Contains(t, []int{200, 400, 401, 413, 415}, w.Code)
		var said map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &said), "%s", w.Body)
		if said["active"] == true {
			r := http.Request{Header: http.Header{"Authorization": {credentials}}}
			id, secret, _ := r.BasicAuth()
			id, _ = url.QueryUnescape(id)
			secret, _ = url.QueryUnescape(secret)
			require.True(t, slices.Contains([]string{"billing", "wiki"}, id) && strings.HasPrefix(secret, "0123456789abcdef"))
			sent, err := url.ParseQuery(string(body))
			require.NoError(t, err)
			require.Equal(t, []string{goodToken}, sent["token"])
		}
		require.Equal(t, w.Code != 200, said["error"] != nil)
		require.NotContains(t, d.log.String(), "level=ERROR")
		require.NotContains(t, d.log.String(), goodToken)
		require.NotContains(t, d.log.String(), secret)
	})
}

// FuzzClients reads any list of clients: it is refused without a word of it, or
// makes clients with secrets that are long enough.
func FuzzClients(f *testing.F) {
	for _, lines := range []string{"billing:" + secret, "a:" + secret + "\n\na:" + secret, ":", "a:b", "a:" + secret + ":x", "\xff:" + secret, "a:" + secret + "\r\n b:" + secret} {
		f.Add(lines)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		clients, err := oauth.ParseClients(app.Secret(lines))
		if err != nil {
			require.Less(t, len(err.Error()), 100)
			require.NotContains(t, err.Error(), secret)
			return
		}
		for id := range clients {
			require.Contains(t, lines, id+":")
		}
	})
}
