package sms

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"accord/app"
)

// record answers with success and keeps the request.
func record(into **http.Request, body *string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		*into, *body = r, string(data)
		_, _ = io.WriteString(w, success)
	}
}

func newHTTP(t *testing.T, g *gateway, change func(*HTTPOptions)) *HTTP {
	t.Helper()
	o := HTTPOptions{URL: g.URL, Body: `{"to":"{{.Number}}"}`, RootCAs: g.roots(), Timeout: patient}
	change(&o)
	h, err := NewHTTP(o)
	require.NoError(t, err)
	return h
}

func TestHTTPPostsJSON(t *testing.T) {
	var r *http.Request
	var body string
	g := serve(t, record(&r, &body))
	h := newHTTP(t, g, func(o *HTTPOptions) {
		o.URL += "/v1/send?channel=a"
		o.Headers = map[string]app.Secret{"X-Api-Key": testKey}
		o.Body = `{"to":["{{.Number}}"],"country":"{{.Country}}","mobile":{{.Mobile}},
			"text":"{{if eq .Language "zh"}}验证码 {{.Code}}，5分钟内有效{{else}}Your code is {{.Code}}{{end}}"}`
	})
	for language, text := range map[string]string{"zh": "验证码 " + testCode + "，5分钟内有效", "en": "Your code is " + testCode} {
		m := message()
		m.Language = language
		require.NoError(t, h.Send(t.Context(), m))
		require.Equal(t, http.MethodPost, r.Method)
		require.Equal(t, "/v1/send?channel=a", r.URL.String())
		require.Equal(t, "application/json", r.Header.Get("Content-Type"))
		require.Equal(t, testKey, r.Header.Get("X-Api-Key"))
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		require.Empty(t, cmp.Diff(map[string]any{
			"to": []any{"+86" + testMobile}, "country": "86", "mobile": 15651234567., "text": text,
		}, got))
	}
}

// Twilio's interface is a form under Basic auth, which HTTP can be told to post.
func TestHTTPPostsFormsAsTwilioTakesThem(t *testing.T) {
	var r *http.Request
	var body string
	g := serve(t, record(&r, &body))
	h := newHTTP(t, g, func(o *HTTPOptions) {
		o.URL += "/2010-04-01/Accounts/AC123/Messages.json"
		o.Encoding = Form
		o.Body = `To={{.Number}}&From=%2B12025550100&Body=Your+code+is+{{.Code}}`
		o.Headers = map[string]app.Secret{"Authorization": "Basic QUMxMjM6dG9rZW4="}
	})
	require.NoError(t, h.Send(t.Context(), message()))
	require.Equal(t, "application/x-www-form-urlencoded", r.Header.Get("Content-Type"))
	user, password, ok := r.BasicAuth()
	require.True(t, ok)
	require.Equal(t, []string{"AC123", "token"}, []string{user, password})
	got, err := url.ParseQuery(body)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(url.Values{
		"To": {"+86" + testMobile}, "From": {"+12025550100"}, "Body": {"Your code is " + testCode},
	}, got))
}

func TestHTTPSuccess(t *testing.T) {
	for name, c := range map[string]struct {
		status             int
		body, field, value string
		good               bool
	}{
		"status alone":       {201, "", "", "", true},
		"status 204":         {204, "", "", "", true},
		"status is no":       {302, "", "", "", false},
		"text":               {200, `{"a":"ok"}`, "a", "ok", true},
		"number":             {200, `{"a":0}`, "a", "0", true},
		"large number":       {200, `{"a":12345678901234567890}`, "a", "12345678901234567890", true},
		"truth":              {200, `{"a":true}`, "a", "true", true},
		"inner":              {200, `{"a":{"b":"c"}}`, "a.b", "c", true},
		"in a list":          {200, `{"list":[{"x":1},{"x":2}]}`, "list.1.x", "2", true},
		"beyond a list":      {200, `{"list":[]}`, "list.0", "2", false},
		"before a list":      {200, `{"list":["2"]}`, "list.-1", "2", false},
		"name in a list":     {200, `{"list":["2"]}`, "list.a", "2", false},
		"through a text":     {200, `{"a":"b"}`, "a.b", "c", false},
		"absent, empty want": {200, `{}`, "a", "", false},
		"null, empty want":   {200, `{"a":null}`, "a", "", false},
		"other case":         {200, `{"a":"OK"}`, "a", "ok", false},
		"good word, bad status": {
			500, `{"a":"ok"}`, "a", "ok", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHTTP(t, serve(t, say(c.status, c.body)), func(o *HTTPOptions) { o.SuccessField, o.SuccessValue = c.field, c.value })
			require.Equal(t, c.good, h.Send(t.Context(), message()) == nil)
		})
	}
}

func TestHTTPSaysWhatTheGatewaySaid(t *testing.T) {
	h := newHTTP(t, serve(t, say(200, `{"status":"21211"}`)), func(o *HTTPOptions) { o.SuccessField, o.SuccessValue = "status", "0" })
	err := h.Send(t.Context(), message())
	requireFailure(t, err, true)
	require.ErrorContains(t, err, "status is 21211")
}

func TestHTTPOptionsFaultsAreReportedTogether(t *testing.T) {
	_, err := NewHTTP(HTTPOptions{
		URL: "http://" + testKey + ".example.test/", Body: `{"a":{{.Nope}}}`, Timeout: -time.Second, SuccessValue: "x",
		Headers: map[string]app.Secret{"X Y": "a", "X-Z": "a\r\n" + testKey},
	})
	for _, fault := range []string{"must be https", "Nope", "time-out", "success field", `"X Y"`, `"X-Z"`} {
		require.ErrorContains(t, err, fault)
	}
	require.NotContains(t, err.Error(), testKey)
}

func TestHTTPOptionsOneByOne(t *testing.T) {
	for name, change := range map[string]func(*HTTPOptions){
		"no URL":             func(o *HTTPOptions) { o.URL = "" },
		"another scheme":     func(o *HTTPOptions) { o.URL = "ftp://gateway.example.test" },
		"no host":            func(o *HTTPOptions) { o.URL = "https:///send" },
		"unreadable":         func(o *HTTPOptions) { o.URL = "https://%zz" + testKey },
		"credentials inside": func(o *HTTPOptions) { o.URL = "https://user:" + testKey + "@gateway.example.test" },
		"unknown encoding":   func(o *HTTPOptions) { o.Encoding = "xml" },
		"no template":        func(o *HTTPOptions) { o.Body = `{{` },
		"empty":              func(o *HTTPOptions) { o.Body = "" },
		"no JSON":            func(o *HTTPOptions) { o.Body = `{"to":{{.Number}}` },
		"no JSON in English": func(o *HTTPOptions) { o.Body = `{"a":{{if eq .Language "zh"}}1{{end}}}` },
		"empty form":         func(o *HTTPOptions) { o.Encoding, o.Body = Form, "" },
		"no form":            func(o *HTTPOptions) { o.Encoding, o.Body = Form, "a=%zz" },
	} {
		t.Run(name, func(t *testing.T) {
			o := HTTPOptions{URL: "https://gateway.example.test/send", Body: `{"to":"{{.Number}}"}`}
			_, err := NewHTTP(o)
			require.NoError(t, err)
			change(&o)
			_, err = NewHTTP(o)
			require.Error(t, err)
			require.NotContains(t, err.Error(), testKey)
		})
	}
	_, err := NewHTTP(HTTPOptions{URL: "http://gateway.example.test/send", Cleartext: true, Body: `{}`})
	require.NoError(t, err)
}

// A template that works on the trial messages and not on this one.
func TestHTTPTemplateThatFailsSendsNothing(t *testing.T) {
	g := serve(t, say(200, success))
	h := newHTTP(t, g, func(o *HTTPOptions) { o.Body = `{"last":"{{slice .Mobile 9 11}}"}` })
	m := message()
	m.Mobile = "12345"
	requireFailure(t, h.Send(t.Context(), m), true)
	require.Zero(t, g.requests.Load())
	require.NoError(t, h.Send(t.Context(), message()))
}
