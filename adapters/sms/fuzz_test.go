package sms

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// always gives one answer to the one request that may come.
type always struct {
	t      *testing.T
	status int
	body   []byte
	asked  int
}

func (a *always) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked++
	require.Equal(a.t, 1, a.asked, "it was tried again")
	return &http.Response{
		StatusCode: a.status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Location": {r.URL.String()}},
		Body: io.NopCloser(bytes.NewReader(a.body)), Request: r,
	}, nil
}

// FuzzAnswers has a provider answer anything: only what says so is success, only
// what says so is a refusal, and no error tells a secret.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		`{"Code":"OK"}`, `{"Code":"isv.DAY_LIMIT_CONTROL"}`, `{"Code":"` + testKey + `"}`, `{"Code":"x` + testMobile + `"}`, `{"Code":7}`, `{"Code":""}`,
		`{"Code":"isp.RAM_PERMISSION_DENY"}`, `{"Code":{"0":["OK"]}}`, `[["OK"]]`, `null`, `"OK"`, ``, `{`, `{"code":"OK","Code":"no"}`,
	} {
		for _, status := range []int{200, 204, 302, 400, 408, 500} {
			f.Add(false, "Code", status, []byte(body))
			f.Add(true, "Code.0", status, []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, custom bool, path string, status int, body []byte) {
		if status < 200 || status > 599 {
			return // net/http lets none in
		}
		a := &always{t: t, status: status, body: body}
		var provider app.SMS
		if custom {
			h, err := NewHTTP(HTTPOptions{
				URL: "https://sms.test/?key=" + testKey, Body: `{"to":"{{.Number}}","code":"{{.Code}}"}`, SuccessField: path, SuccessValue: "OK",
				Headers: map[string]app.Secret{"X-Api-Key": testKey},
			})
			if err != nil {
				return // a value without a field
			}
			h.client.Transport = a
			provider = h
		} else {
			c, err := NewAliyun(AliyunOptions{
				AccessKeyID: "LTAI-test", AccessKeySecret: testKey, Templates: []AliyunTemplate{{SignName: "s", TemplateCode: "SMS_1"}},
			})
			require.NoError(t, err)
			c.client.Transport = a
			provider = c
		}
		err := provider.Send(t.Context(), message())
		said, success := string(body), status >= 200 && status < 300
		if err == nil {
			require.True(t, success && strings.Contains(said, "OK") || strings.Contains(said, `\u`), "%d %s", status, said)
			return
		}
		turnedDown := status >= 300 && status < 500 && status != 408 && status != 499
		saysNo := custom && success || strings.Contains(said, "isv.") || strings.Contains(said, "isp.RAM") ||
			strings.Contains(said, "Throttling") || strings.Contains(said, "BUSINESS_LIMIT") || strings.Contains(said, `\u`)
		require.False(t, saga.IsRefused(err) && !turnedDown && !saysNo, "%d %s: %v", status, said, err)
		requireFailure(t, err, saga.IsRefused(err))
		if shown := strings.ReplaceAll(err.Error(), path, ""); custom {
			require.Less(t, len(shown), 300)
		}
	})
}
