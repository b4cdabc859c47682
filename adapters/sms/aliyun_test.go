package sms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"accord/app"
)

func newAliyun(t *testing.T, g *gateway, templates ...AliyunTemplate) *Aliyun {
	t.Helper()
	a, err := NewAliyun(AliyunOptions{
		AccessKeyID: "LTAI-test", AccessKeySecret: testKey, Endpoint: g.host(), RootCAs: g.roots(), Timeout: patient,
		Templates: templates,
	})
	require.NoError(t, err)
	return a
}

var authorization = regexp.MustCompile(`^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$`)

// requireSigned checks a request as the service does: every part that matters is
// signed, by the access key.
func requireSigned(t *testing.T, r *http.Request, body string) {
	t.Helper()
	found := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	require.NotNil(t, found, "not signed")
	require.Equal(t, "LTAI-test", found[1])
	signed := strings.Split(found[2], ";")
	for _, name := range []string{"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"} {
		require.Contains(t, signed, name)
	}
	payload := sha256.Sum256([]byte(body))
	require.Equal(t, hex.EncodeToString(payload[:]), r.Header.Get("X-Acs-Content-Sha256"))
	at, err := time.Parse(time.RFC3339, r.Header.Get("X-Acs-Date"))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)
	require.NotEmpty(t, r.Header.Get("X-Acs-Signature-Nonce"))

	canonical := []string{r.Method, "/", strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")}
	for _, name := range signed {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		canonical = append(canonical, name+":"+strings.TrimSpace(value))
	}
	canonical = append(canonical, "", found[2], hex.EncodeToString(payload[:]))
	digest := sha256.Sum256([]byte(strings.Join(canonical, "\n")))
	mac := hmac.New(sha256.New, []byte(testKey))
	_, _ = io.WriteString(mac, "ACS3-HMAC-SHA256\n"+hex.EncodeToString(digest[:]))
	require.Equal(t, hex.EncodeToString(mac.Sum(nil)), found[3])
}

func TestAliyunSends(t *testing.T) {
	var r *http.Request
	var body string
	g := serve(t, record(&r, &body))
	a := newAliyun(t, g, AliyunTemplate{SignName: "无限 平台*", TemplateCode: "SMS_1"})
	nonces := map[string]bool{}
	for numbers, m := range map[string]app.ShortMessage{
		testMobile:     message(),
		"85261234567":  {InternationalCode: "852", Mobile: "61234567", Code: testCode, Language: "zh"},
		"12025550123":  {InternationalCode: "1", Mobile: "2025550123", Code: testCode, Language: "en"},
		"390612345678": {InternationalCode: "39", Mobile: "0612345678", Code: testCode, Language: "en"},
	} {
		require.NoError(t, a.Send(t.Context(), m))
		require.Equal(t, http.MethodPost, r.Method)
		require.Equal(t, "SendSms", r.Header.Get("X-Acs-Action"))
		require.Equal(t, "2017-05-25", r.Header.Get("X-Acs-Version"))
		require.Empty(t, cmp.Diff(url.Values{
			"PhoneNumbers": {numbers}, "SignName": {"无限 平台*"}, "TemplateCode": {"SMS_1"},
			"TemplateParam": {`{"code":"` + testCode + `"}`},
		}, r.URL.Query()))
		requireSigned(t, r, body)
		nonces[r.Header.Get("X-Acs-Signature-Nonce")] = true
	}
	require.Len(t, nonces, 4, "a request could be replayed")
}

func TestAliyunParameter(t *testing.T) {
	var r *http.Request
	var body string
	g := serve(t, record(&r, &body))
	a, err := NewAliyun(AliyunOptions{
		AccessKeyID: "LTAI-test", AccessKeySecret: testKey, Endpoint: g.host(), RootCAs: g.roots(), Parameter: "number",
		Templates: []AliyunTemplate{{SignName: "s", TemplateCode: "t"}},
	})
	require.NoError(t, err)
	require.NoError(t, a.Send(t.Context(), message()))
	require.Equal(t, `{"number":"`+testCode+`"}`, r.URL.Query().Get("TemplateParam"))
}

func TestAliyunChoosesTheTemplate(t *testing.T) {
	all := []AliyunTemplate{
		{SignName: "any", TemplateCode: "any"},
		{Language: "en", SignName: "en", TemplateCode: "en"},
		{InternationalCode: "852", SignName: "852", TemplateCode: "852"},
		{InternationalCode: "852", Language: "en", SignName: "852-en", TemplateCode: "852-en"},
	}
	for _, c := range []struct{ country, language, want string }{
		{"86", "zh", "any"},
		{"86", "en", "en"},
		{"852", "zh", "852"},
		{"852", "en", "852-en"},
		{"1", "en", "en"},
	} {
		got, found := choose(all, app.ShortMessage{InternationalCode: c.country, Language: c.language})
		require.True(t, found)
		require.Equal(t, c.want, got.TemplateCode, c)
	}
	got, _ := choose(all[1:3], app.ShortMessage{InternationalCode: "852", Language: "en"})
	require.Equal(t, "852", got.TemplateCode, "the country goes before the language")

	g := serve(t, say(200, success))
	a := newAliyun(t, g, AliyunTemplate{InternationalCode: "86", SignName: "s", TemplateCode: "t"})
	m := message()
	m.InternationalCode = "852"
	requireFailure(t, a.Send(t.Context(), m), true)
	require.Zero(t, g.requests.Load())
}

func TestAliyunCodes(t *testing.T) {
	for code, c := range map[string]struct {
		status  int
		refused bool
		says    string
	}{
		"isv.BUSINESS_LIMIT_CONTROL":    {200, true, "limit for this number"},
		"isv.MOBILE_NUMBER_ILLEGAL":     {200, true, "number"},
		"isv.AMOUNT_NOT_ENOUGH":         {200, true, "balance"},
		"isv.SOMETHING_OF_TOMORROW":     {200, true, "isv.SOMETHING_OF_TOMORROW"},
		"isp.RAM_PERMISSION_DENY":       {200, true, "may not send"},
		"BUSINESS_LIMIT_CONTROL_MINUTE": {200, true, "MINUTE"},
		"isp.SYSTEM_ERROR":              {200, false, "isp.SYSTEM_ERROR"},
		"isp.GATEWAY_ERROR":             {200, false, "isp.GATEWAY_ERROR"},
		"Whatever":                      {200, false, "Whatever"},
		"SignatureDoesNotMatch":         {400, true, "secret is wrong"},
		"InvalidAccessKeyId.NotFound":   {404, true, "no such access key"},
		"Throttling.User":               {503, true, "Throttling"},
		"ServiceUnavailable":            {503, false, "503"},
		"OK":                            {500, false, "500"},
	} {
		t.Run(code, func(t *testing.T) {
			g := serve(t, say(c.status, `{"RequestId":"r","Code":"`+code+`","Message":"to `+testMobile+`"}`))
			err := newAliyun(t, g, AliyunTemplate{SignName: "s", TemplateCode: "t"}).Send(t.Context(), message())
			requireFailure(t, err, c.refused)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestAliyunOptionsFaultsAreReportedTogether(t *testing.T) {
	_, err := NewAliyun(AliyunOptions{AccessKeySecret: testKey, Endpoint: "https://x/" + testKey, Timeout: -1, Templates: []AliyunTemplate{
		{SignName: "s"},
		{TemplateCode: "t", InternationalCode: "+86"},
		{SignName: "s", TemplateCode: "t", Language: "fr"},
		{SignName: "s", TemplateCode: "t"},
	}})
	for _, fault := range []string{
		"access key", "endpoint", "time-out", "template 1 needs", "template 2 needs", "template 2: the country",
		"template 3: the language", "template 4 is for the same",
	} {
		require.ErrorContains(t, err, fault)
	}
	require.NotContains(t, err.Error(), testKey)
	for _, endpoint := range []string{"x y", "user@host", "host/path", "host?q", ":443", "https://host"} {
		require.Error(t, checkHost(endpoint), endpoint)
	}
	for _, endpoint := range []string{AliyunEndpoint, "dysmsapi.ap-southeast-1.aliyuncs.com:443", "[::1]:8443"} {
		require.NoError(t, checkHost(endpoint), endpoint)
	}
	_, err = NewAliyun(AliyunOptions{AccessKeyID: "x", AccessKeySecret: testKey})
	require.ErrorContains(t, err, "no template")
}
