package infinite

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// form is a multipart body with these fields, as name and content in turn, and
// its media type.
func form(t testing.TB, fields ...string) (body, mediaType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		part, err := w.CreateFormFile(fields[i], "picture.png")
		require.NoError(t, err)
		_, err = io.WriteString(part, fields[i+1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.String(), w.FormDataContentType()
}

func upload(t testing.TB, u UseCases, body, mediaType string) *httptest.ResponseRecorder {
	t.Helper()
	return send(handler(t, u), "/api/file/upload", strings.NewReader(body), "Content-Type", mediaType, "Authorization", "token")
}

func TestUploadPassesOn(t *testing.T) {
	for name, fields := range map[string][]string{
		"the file alone":     {"file", "bytes of a picture"},
		"after other fields": {"note", "words", "x", "y", "file", "bytes of a picture"},
		"twice":              {"file", "bytes of a picture", "file", "others"},
	} {
		u := person()
		body, mediaType := form(t, fields...)
		w := upload(t, u, body, mediaType)
		require.Equal(t, http.StatusOK, w.Code, name)
		require.Equal(t, `{"code":"General.Success","data":{"url":"https://storage.example/picture.png"},"msg":"接口调用成功"}`+"\n",
			w.Body.String(), name)
		require.Equal(t, []change{{"upload", u.account.UserID, "bytes of a picture"}}, u.changes, name)
		require.Equal(t, []app.Secret{"token"}, u.tokens)
	}
}

func TestUploadRules(t *testing.T) {
	const none = "multipart/form-data; boundary=x"
	whole := func(fields ...string) [2]string {
		body, mediaType := form(t, fields...)
		return [2]string{body, mediaType}
	}
	huge, hugeType := form(t, "file", strings.Repeat("a", maxUploadBody))
	for name, tt := range map[string]struct {
		sent   [2]string
		status int
		code   string
		want   violated
	}{
		"no file":           {whole("other", "bytes"), 200, "General.ParameterInvalid", violated{"file": {"notBlank"}}},
		"an empty file":     {whole("file", ""), 200, "General.ParameterInvalid", violated{"file": {"notBlank"}}},
		"no part":           {[2]string{"--x--\r\n", none}, 200, "General.ParameterInvalid", violated{"file": {"notBlank"}}},
		"nothing":           {[2]string{"", none}, 200, "General.ParameterInvalid", violated{"file": {"notBlank"}}},
		"no type":           {[2]string{"bytes", ""}, 200, "General.ParameterInvalid", violated{"file": {"notBlank"}}},
		"no boundary":       {[2]string{"bytes", "multipart/form-data"}, 200, "General.ParameterInvalid", nil},
		"broken header":     {[2]string{"--x\r\nno header\r\n\r\n", none}, 200, "General.ParameterInvalid", nil},
		"cut short":         {[2]string{"--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nbyt", none}, 200, "General.ParameterInvalid", nil},
		"the most bytes":    {whole("file", strings.Repeat("a", maxFile)), 200, "General.Success", nil},
		"one too many":      {whole("file", strings.Repeat("a", maxFile+1)), 200, "General.ParameterInvalid", violated{"file": {"length"}}},
		"over the limit":    {[2]string{huge, hugeType}, 413, "General.Failure", nil},
		"too many parts":    {whole(append(repeated(maxParts, "x", "y"), "file", "bytes")...), 200, "General.ParameterInvalid", violated{"file": {"notBlank"}}},
		"as many as it may": {whole(append(repeated(maxParts-1, "x", "y"), "file", "bytes")...), 200, "General.Success", nil},
		"JSON":              {[2]string{"{}", "application/json"}, 415, "General.Failure", nil},
	} {
		u := person()
		w := upload(t, u, tt.sent[0], tt.sent[1])
		require.Equal(t, tt.status, w.Code, name)
		got := read(t, w)
		require.Equal(t, tt.code, got.Code, name)
		require.Equal(t, tt.want, got.Data.RuleViolated, name)
		require.Equal(t, tt.code == "General.Success", u.asked() == 1, name)
	}
}

// TestUploadOverTheLimitStreamed: a length that is not announced is bounded too.
func TestUploadOverTheLimitStreamed(t *testing.T) {
	body, mediaType := form(t, "other", strings.Repeat("a", maxUploadBody), "file", "bytes")
	u := person()
	w := send(handler(t, u), "/api/file/upload", io.MultiReader(strings.NewReader(body)), "Content-Type", mediaType, "Authorization", "token")
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Equal(t, outcome{Code: "General.Failure", Msg: "请求体超过上限5184 KiB"}, read(t, w))
	require.Zero(t, u.asked())
}

func TestUploadMeetsEveryKind(t *testing.T) {
	body, mediaType := form(t, "file", "bytes")
	for _, kind := range app.Kinds() {
		u := person()
		u.err = &app.Error{Kind: kind}
		require.Equal(t, string(codes[kind]), read(t, upload(t, u, body, mediaType)).Code, "upload meets %q", kind)
	}
}

func repeated(n int, items ...string) []string {
	var all []string
	for range n {
		all = append(all, items...)
	}
	return all
}
