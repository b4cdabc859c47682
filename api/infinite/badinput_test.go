package infinite_test

import (
	"bufio"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

// envelope is an answer, read back.
type envelope struct {
	Code string
	Data struct {
		AccessToken  string
		RuleViolated map[string][]string
	}
	Msg string
}

// post asks an endpoint of the world, with headers as name and value in turn.
func (w *world) post(t *testing.T, endpoint string, body io.Reader, headers ...string) (int, envelope) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/api/user/"+endpoint, body)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode, read(t, res.Body)
}

func read(t *testing.T, body io.Reader) envelope {
	t.Helper()
	var got envelope
	require.NoError(t, json.NewDecoder(body).Decode(&got))
	return got
}

// inhabited is a world with one account, alice, and her session's token. Every
// saga in it has ended.
func inhabited(t *testing.T) (*world, string) {
	t.Helper()
	w := newWorld(t)
	_, got := w.post(t, "registerIndividual", strings.NewReader(`{"username":"alice","email":"alice@example.com","password":"1qazxsw2"}`))
	require.Equal(t, "General.Success", got.Code)
	_, got = w.post(t, "login", strings.NewReader(`{"username":"alice","password":"1qazxsw2"}`))
	require.Equal(t, "General.Success", got.Code)
	require.Eventually(t, func() bool {
		return slices.Equal(w.Texts(t, "SELECT count(*) FROM sagas WHERE runnable = 1"), []string{"0"})
	}, 10*time.Second, 5*time.Millisecond, "the sagas end")
	return w, got.Data.AccessToken
}

// TestStateSeesWrites: what the tests below compare changes with every flow.
func TestStateSeesWrites(t *testing.T) {
	w, token := inhabited(t)
	for endpoint, body := range map[string]string{
		"registerIndividual": `{"username":"bob","email":"bob@example.com","password":"1qazxsw2"}`,
		"login":              `{"username":"alice","password":"1qazxsw2"}`,
		"emailVerifyCode":    `{"email":"nobody@example.com"}`,
		"generateSmsCode":    `{"internationalCode":"86","mobile":"15651234567"}`,
		"editUser":           changes["editUser"],
	} {
		before := w.State(t)
		_, got := w.post(t, endpoint, strings.NewReader(body), "Authorization", token)
		require.Equal(t, "General.Success", got.Code, endpoint)
		require.NotEqual(t, before, w.State(t), endpoint)
	}
	for _, endpoint := range []string{"logout", "modifyUserPassword", "deleteUser"} {
		w, token := inhabited(t)
		before := w.State(t)
		_, got := w.post(t, endpoint, strings.NewReader(changes[endpoint]), "Authorization", token)
		require.Equal(t, "General.Success", got.Code, endpoint)
		require.NotEqual(t, before, w.State(t), endpoint)
	}
}

// changes are good bodies of what a signed-in person may do, with the password
// of alice.
var changes = map[string]string{
	"logout": "",
	"editUser": `{"nickname":"n","avatarUrl":"https://i.picsum.photos/id/1005/100/100.jpg",` +
		`"description":"","website":"","location":""}`,
	"modifyUserEmail":    `{"password":"1qazxsw2","oriEmail":"alice@example.com","email":"a@example.com","verifyCode":"A2B3C4"}`,
	"modifyUserPassword": `{"oriPassword":"1qazxsw2","password":"2wsxzaq1"}`,
	"editUserMobile":     `{"mobile":"15651234567","smsCode":"A2B3C4","password":"1qazxsw2"}`,
	"deleteUser":         `{"password":"1qazxsw2"}`,
}

func TestBadBodiesWriteNothing(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	// Whatever name a body gives, the rest of it is good for a registration and
	// for a sign-in.
	person := func(name string) string {
		return `{"username":` + name + `,"email":"mallory@example.com","password":"1qazxsw2"}`
	}
	const violated, tooLarge, wrongType = 200, 413, 415
	cases := map[string]struct {
		body   string
		header []string
		status int
	}{
		"over the limit":             {person(`"` + strings.Repeat("m", 2<<20) + `"`), nil, tooLarge},
		"10 MB of nesting":           {nested(5 << 20), nil, tooLarge},
		"nesting under the limit":    {nested(400_000), nil, violated},
		"nesting in a field":         {person(nested(300_000)), nil, violated},
		"nesting in another field":   {`{"x":` + nested(300_000) + `,"username":"mallory"}`, nil, violated},
		"shallow nesting in a field": {person(nested(50)), nil, violated},
		"broken":                     {`{"username":"mallory"`, nil, violated},
		"two objects":                {person(`"mallory"`) + person(`"mallory"`), nil, violated},
		"a number for a name":        {person("7"), nil, violated},
		"an object for a name":       {person("{}"), nil, violated},
		"an array":                   {"[" + person(`"mallory"`) + "]", nil, violated},
		"a text":                     {`"mallory"`, nil, violated},
		"null":                       {"null", nil, violated},
		"nothing":                    {"", nil, violated},
		"a raw NUL":                  {person("\"mal\x00lory\""), nil, violated},
		"an escaped NUL":             {person(`"mal\u0000lory"`), nil, violated},
		"a line break":               {person(`"mal\nlory"`), nil, violated},
		"not UTF-8":                  {person("\"mal\xfflory\""), nil, violated},
		"half a surrogate":           {person(`"mal\udc00lory"`), nil, violated},
		"gzip":                       {"\x1f\x8b\x08\x00", []string{"Content-Encoding", "gzip"}, wrongType},
		"XML":                        {"<username>mallory</username>", []string{"Content-Type", "application/xml"}, wrongType},
		"a form":                     {"username=mallory", []string{"Content-Type", "application/x-www-form-urlencoded"}, wrongType},
		"an unknown content type":    {person(`"mallory"`), []string{"Content-Type", "application/x-nothing"}, wrongType},
		"a garbled content type":     {person(`"mallory"`), []string{"Content-Type", ";;;"}, wrongType},
	}
	w, _ := inhabited(t)
	before := w.State(t)
	for name, tt := range cases {
		for _, endpoint := range []string{"registerIndividual", "login"} {
			for how, body := range map[string]io.Reader{
				"announced": strings.NewReader(tt.body), "streamed": io.MultiReader(strings.NewReader(tt.body)),
			} {
				status, got := w.post(t, endpoint, body, tt.header...)
				require.Equal(t, tt.status, status, "%s to %s, %s", name, endpoint, how)
				want := "General.Failure"
				if status == violated {
					want = "General.ParameterInvalid"
				}
				require.Equal(t, want, got.Code, "%s to %s, %s", name, endpoint, how)
			}
		}
	}
	require.Equal(t, before, w.State(t))
}

// TestBodiesCutShort: what is announced does not come, or the chunks are no
// chunks. The client can still read a documented answer.
func TestBodiesCutShort(t *testing.T) {
	w, _ := inhabited(t)
	before := w.State(t)
	for name, sent := range map[string]string{
		"less than announced": "Content-Length: 500\r\n\r\n" + `{"username":"mallory"`,
		"broken chunks":       "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
	} {
		status, got := w.say(t, "POST /api/user/registerIndividual HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+sent)
		require.Equal(t, 200, status, name)
		require.Equal(t, "General.ParameterInvalid", got.Code, name)
	}
	require.Equal(t, before, w.State(t))
}

// say sends these very bytes and no more, and reads the answer.
func (w *world) say(t *testing.T, request string) (int, envelope) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.URL, "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, request)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode, read(t, res.Body)
}

// TestForgedTokensWriteNothing takes a good token apart and signs what it says
// in other ways.
func TestForgedTokensWriteNothing(t *testing.T) {
	w, good := inhabited(t)
	parsed, _, err := jwt.NewParser().ParseUnverified(good, jwt.MapClaims{})
	require.NoError(t, err)
	kid, ourKey := w.Ring.SigningKey(time.Now())
	public := ourKey.Public().(ed25519.PublicKey)
	_, theirKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	sign := func(method jwt.SigningMethod, key any, kid string) string {
		forged := jwt.NewWithClaims(method, parsed.Claims)
		forged.Header["kid"] = kid
		text, err := forged.SignedString(key)
		require.NoError(t, err)
		return text
	}
	parts := strings.Split(good, ".")
	other := strings.Replace(parts[1], parts[1][:8], "eyJzdWIi", 1)
	tokens := map[string]string{
		"HMAC under our public key":       sign(jwt.SigningMethodHS256, []byte(public), kid),
		"HMAC under nothing":              sign(jwt.SigningMethodHS512, []byte{}, kid),
		"no algorithm":                    sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid),
		"another key under our id":        sign(jwt.SigningMethodEdDSA, theirKey, kid),
		"another key under another id":    sign(jwt.SigningMethodEdDSA, theirKey, "../../etc/passwd"),
		"no signature":                    parts[0] + "." + parts[1] + ".",
		"another payload":                 parts[0] + "." + other + "." + parts[2],
		"a signature with something more": good + "AAAA",
		"two parts":                       parts[0] + "." + parts[1],
		"very long":                       strings.Repeat("a", 20_000),
		"not a token":                     "null",
	}
	before := w.State(t)
	for name, token := range tokens {
		for _, endpoint := range slices.AppendSeq([]string{"getUserDetail"}, maps.Keys(changes)) {
			for _, scheme := range []string{"", "Bearer "} {
				status, got := w.post(t, endpoint, strings.NewReader(changes[endpoint]), "Authorization", scheme+token)
				require.Equal(t, 200, status, "%s to %s", name, endpoint)
				require.Equal(t, "General.TokenInvalid", got.Code, "%s to %s", name, endpoint)
			}
		}
	}
	require.Equal(t, before, w.State(t))
	_, got := w.post(t, "getUserDetail", nil, "Authorization", good)
	require.Equal(t, "General.Success", got.Code, "the good one is still good")
}

// TestWrongPasswordsWriteNothing: a sign-in that fails opens nothing anywhere,
// and a token alone changes nothing that asks for the password.
func TestWrongPasswordsWriteNothing(t *testing.T) {
	w, token := inhabited(t)
	before := w.State(t)
	for _, body := range []string{
		`{"username":"alice","password":"wrong"}`, `{"username":"nobody","password":"1qazxsw2"}`,
		`{"username":"' OR 1=1 --","password":"1qazxsw2"}`, `{"email":"%","password":"1qazxsw2"}`,
	} {
		_, got := w.post(t, "login", strings.NewReader(body))
		require.Equal(t, "Account.VerifyError", got.Code, body)
	}
	for _, endpoint := range []string{"modifyUserEmail", "modifyUserPassword", "editUserMobile", "deleteUser"} {
		body := strings.ReplaceAll(changes[endpoint], "1qazxsw2", "wrong")
		_, got := w.post(t, endpoint, strings.NewReader(body), "Authorization", token)
		require.Equal(t, "Account.VerifyError", got.Code, endpoint)
	}
	require.Equal(t, before, w.State(t))
}
