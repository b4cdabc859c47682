package wiretest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// Target is a server to replay against.
type Target struct {
	// URL is where the server listens, without a slash at the end.
	URL string
	// Setup carries out one command, given in words, and returns the value that
	// the script asks for, if any. A target without it plays only scripts that
	// need none.
	Setup func(t testing.TB, command []string) string
}

// maxAnswer bounds the answers that are read, in bytes.
const maxAnswer = 1 << 20

// Replay plays each script in a subtest of its own, against the target that
// open makes for it.
func Replay(t *testing.T, scripts []Script, open func(t *testing.T) Target) {
	t.Helper()
	require.NotEmpty(t, scripts)
	for _, script := range scripts {
		t.Run(script.Name, func(t *testing.T) {
			script.play(t, open(t), variables{"user": "u" + strings.ToLower(rand.Text())})
		})
	}
}

func (s Script) play(t *testing.T, target Target, vars variables) {
	t.Helper()
	var got answer
	for _, sec := range s.scene {
		switch sec.kind {
		case setup:
			for _, line := range sec.head {
				require.NotNil(t, target.Setup, "the target cannot be told: %s", line)
				command, err := vars.fill(line)
				require.NoError(t, err)
				words, name, _ := strings.Cut(command, " as ")
				if value := target.Setup(t, strings.Fields(words)); name != "" {
					vars[name] = value
				}
			}
		case request:
			got = send(t, target.URL, sec, vars)
		case response:
			expect(t, sec, got, vars)
		}
	}
}

// answer is what came back for a request.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send makes a request as it is written down and reads its answer.
func send(t *testing.T, url string, sec section, vars variables) answer {
	t.Helper()
	line, err := vars.fill(sec.head[0])
	require.NoError(t, err)
	method, path, _ := strings.Cut(line, " ")
	body, err := vars.fill(sec.body)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
	require.NoError(t, err)
	for _, line := range sec.head[1:] {
		name, value, _ := strings.Cut(line, ": ")
		value, err = vars.fill(value)
		require.NoError(t, err)
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	require.NoError(t, err)
	return answer{res.StatusCode, res.Header, got}
}

// expect compares an answer with what is written down.
func expect(t *testing.T, sec section, got answer, vars variables) {
	t.Helper()
	body := indented(got.body)
	require.Equal(t, sec.head[0], strconv.Itoa(got.status), "status, with body:\n%s", masked(body))
	for _, line := range sec.head[1:] {
		name, want, _ := strings.Cut(line, ": ")
		ok, err := vars.match(want, got.header.Get(name))
		require.NoError(t, err)
		require.True(t, ok, "header %s is %q, not %s", name, got.header.Get(name), want)
	}
	ok, err := vars.match(sec.body, body)
	require.NoError(t, err)
	if !ok {
		require.Fail(t, "another body (-want +got)", cmp.Diff(masked(sec.body), masked(body)))
	}
}

// indented is JSON as scripts write it, anything else as it is.
func indented(body []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, bytes.TrimSpace(body), "", "\t") != nil {
		return string(body)
	}
	return out.String()
}
