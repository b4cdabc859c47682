package wiretest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMatchIsExact(t *testing.T) {
	const want = "{\n\t\"a\": \"{{digits}}\",\n\t\"b\": 1\n}"
	for got, same := range map[string]bool{
		"{\n\t\"a\": \"42\",\n\t\"b\": 1\n}":                   true,
		"{\n\t\"a\": \"x\",\n\t\"b\": 1\n}":                    false, // not of the kind
		"{\n\t\"b\": 1,\n\t\"a\": \"42\"\n}":                   false, // another order
		"{\n\t\"a\": \"42\",\n\t\"b\": 1,\n\t\"c\": null\n}":   false, // a field left over
		"{\n\t\"a\": \"42\"\n}":                                false, // a field lacking
		"{\n\t\"a\": \"42\",\n\t\"b\": 10\n}":                  false,
		"{\n\t\"a\": \"4\",\n\t\"a\": \"2\",\n\t\"b\": 1\n}":   false,
		"x{\n\t\"a\": \"42\",\n\t\"b\": 1\n}":                  false,
		"{\n\t\"a\": \"42\\\",\\\"z\\\": 1\",\n\t\"b\": 1\n}}": false,
	} {
		ok, err := variables{}.match(want, got)
		require.NoError(t, err)
		require.Equal(t, same, ok, "body %s", got)
	}
}

func TestMatchRemembers(t *testing.T) {
	vars := variables{"user": "alice"}
	ok, err := vars.match(`{{user}} {{digits as first}} {{digits}}`, "alice 12 34")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, variables{"user": "alice", "first": "12"}, vars)

	ok, err = vars.match(`{{first}}`, "13")
	require.NoError(t, err)
	require.False(t, ok, "a remembered value is not just of its kind")

	ok, err = vars.match(`{{ip as host}} {{host}}`, "::1 ::1")
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = vars.match(`{{ip as host}} {{host}}`, "::1 ::2")
	require.NoError(t, err)
	require.False(t, ok, "a value is itself within one text too")
	require.Equal(t, "::1", vars["host"], "what does not match is not remembered")

	_, err = vars.match(`{{nobody as x}}`, "x")
	require.ErrorContains(t, err, "nobody")
	_, err = vars.match(`{{nobody}}`, "x")
	require.ErrorContains(t, err, "nobody")
	_, err = vars.fill(`{{digits}}`)
	require.ErrorContains(t, err, "digits", "a request needs a value, not a kind")
}

func TestParseRefusesHalfConversations(t *testing.T) {
	for why, text := range map[string]string{
		"nothing is played":   "words\n",
		"no description":      "-- request --\nGET /\n-- response --\n200\n",
		"no response":         "words\n-- request --\nGET /\n",
		"two requests":        "words\n-- request --\nGET /\n-- request --\nGET /\n-- response --\n200\n",
		"no request":          "words\n-- response --\n200\n",
		"setup at the end":    "words\n-- request --\nGET /\n-- response --\n200\n-- setup --\nx\n",
		"an unknown section":  "words\n-- answer --\n200\n",
		"setup in the middle": "words\n-- request --\nGET /\n-- setup --\nx\n-- response --\n200\n",
	} {
		_, err := parse([]byte(text))
		require.Error(t, err, why)
	}
}

// TestReplay plays a script with everything in it against a server of its own,
// which tells what it was asked.
func TestReplay(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.Header.Get("X-Note")+" "+string(body))
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, `{"n":7}`)
	}))
	t.Cleanup(server.Close)
	script, err := parse([]byte("A cup of tea.\n-- setup --\nboil water for {{user}}\nlook in cupboard as leaf\n" +
		"-- request --\nPUT /tea\nX-Note: hot\n\n{{leaf}}\n-- response --\n418\nX-Absent: {{nothing}}\n\n{\n\t\"n\": {{digits as n}}\n}\n" +
		"-- request --\nGET /tea/{{n}}\n-- response --\n418\n\n{\n\t\"n\": {{n}}\n}\n"))
	require.NoError(t, err)
	require.True(t, script.NeedsSetup())
	require.Equal(t, Exchange{Request: "PUT /tea", Status: "418", Body: "{\n\t\"n\": {{digits as n}}\n}"}, script.Exchanges()[0])

	var told [][]string
	Replay(t, []Script{script}, func(*testing.T) Target {
		return Target{URL: server.URL, Setup: func(_ testing.TB, command []string) string {
			told = append(told, command)
			return "leaves"
		}}
	})
	require.Equal(t, []string{"PUT /tea hot leaves", "GET /tea/7  "}, asked)
	require.Len(t, told, 2)
	require.Len(t, told[0], 4)
	require.Equal(t, []string{"boil", "water", "for"}, told[0][:3])
	require.Regexp(t, `^u[0-9a-z]{26}$`, told[0][3])
	require.Equal(t, []string{"look", "in", "cupboard"}, told[1])
}

func TestMaskedHidesTokens(t *testing.T) {
	require.Equal(t, `"accessToken": "***", "nickname": "n"`, masked(`"accessToken": "abc", "nickname": "n"`))
}
