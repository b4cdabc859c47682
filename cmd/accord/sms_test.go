package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/sms"
	"accord/app"
	"accord/cmd/accord/internal/config"
)

var message = app.ShortMessage{InternationalCode: "86", Mobile: "15651234567", Code: "A2B3C4", Language: "zh"}

// gateway takes a message as its settings in c say.
func gateway(t *testing.T, asked *http.Request, body *string) config.SMS {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		*asked, *body = *r, string(text)
		_, _ = io.WriteString(w, `{"result":{"code":"OK"}}`)
	}))
	t.Cleanup(server.Close)
	c := config.Default().SMS
	c.Provider = "http"
	c.HTTP = config.SMSGateway{
		URL: app.Secret(server.URL), Headers: "Authorization: Bearer key\n X-Two : 2\n", Cleartext: true, Encoding: "json",
		Body: `{"to":"{{.Number}}","text":"{{.Code}}"}`, SuccessField: "result.code", SuccessValue: "OK",
	}
	return c
}

func TestShortMessagesByAGateway(t *testing.T) {
	var asked http.Request
	var body string
	c := gateway(t, &asked, &body)
	provider, err := newSMS(c)
	require.NoError(t, err)
	require.NoError(t, provider.Send(t.Context(), message))
	require.JSONEq(t, `{"to":"+8615651234567","text":"A2B3C4"}`, body)
	require.Equal(t, "Bearer key", asked.Header.Get("Authorization"))
	require.Equal(t, "2", asked.Header.Get("X-Two"))

	c.HTTP.SuccessValue = "DONE"
	provider, err = newSMS(c)
	require.NoError(t, err)
	require.Equal(t, app.SMSFailed, app.KindOf(provider.Send(t.Context(), message)))
}

func TestShortMessagesIntoADirectory(t *testing.T) {
	c := config.Default().SMS
	c.Provider, c.Dir = "dev", filepath.Join(t.TempDir(), "sms")
	provider, err := newSMS(c)
	require.NoError(t, err)
	require.NoError(t, provider.Send(t.Context(), message))
	files, err := os.ReadDir(c.Dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
}

func TestNoProviderSendsNothing(t *testing.T) {
	provider, err := newSMS(config.Default().SMS)
	require.NoError(t, err)
	require.Equal(t, app.SMSFailed, app.KindOf(provider.Send(t.Context(), message)))
}

// TestAliyunSettings: faults are told with the group they are in.
func TestAliyunSettings(t *testing.T) {
	c := config.Default().SMS
	c.Provider = "aliyun"
	_, err := newSMS(c)
	require.ErrorContains(t, err, "sms.aliyun: sms: no template")
	require.ErrorContains(t, err, "access key")

	c.Aliyun.AccessKeyID, c.Aliyun.AccessKeySecret = "id", "secret"
	c.Aliyun.Templates = []string{"86/zh/测试/SMS_1", "*/*/Accord/SMS_2"}
	_, err = newSMS(c)
	require.NoError(t, err)
	require.Equal(t, []sms.AliyunTemplate{
		{InternationalCode: "86", Language: "zh", SignName: "测试", TemplateCode: "SMS_1"},
		{SignName: "Accord", TemplateCode: "SMS_2"},
	}, smsTemplates(c.Aliyun.Templates))
}
