package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/cmd/accord/internal/config"
)

// aboutAKey is how each line of an error begins that is not about the file, or
// about there being no setting at all.
var aboutAKey = regexp.MustCompile(`^[a-zA-Z0-9.]+: `)

// FuzzLoad reads any file and any environment: what comes out is judged whole,
// each fault names its setting, none shows a value, and it is the same again.
func FuzzLoad(f *testing.F) {
	const secret = "hunter2-"
	for _, seed := range []struct{ yaml, environ string }{
		{whole, ""}, {"", "ACCORD_GITEA_ADMIN_PASSWORD=" + secret}, {whole, "ACCORD_SESSION_TTL=" + secret + "\nACCORD_LISTEN=:2\nACCORD_X=1"},
		{"gitea: " + secret, ""}, {"gitea.url: a\ngitea: {url: b}", ""}, {"gitea: [" + secret + "]", ""}, {"mail: {port: {a: " + secret + "}}", ""},
		{"session: {ttl: " + secret + "}\nlisten: 7\ndialects: [[" + secret + "]]", ""}, {"- " + secret, ""}, {"gitea: {adminPassword: [" + secret + "]}", ""},
		{"a: &a [" + secret + "]\nb: *" + secret, ""}, {"<<: {listen: " + secret + "}", ""}, {"listen: !!int " + secret, ""}, {"listen: !" + secret + " x", ""},
		{"? {a: b}\n: c", ""}, {"1: {2: 3}", ""}, {"null: null", ""}, {"\xff", ""}, {"a: b: " + secret, ""}, {"\t" + secret, ""},
		{"gitea: {adminPassword: " + secret + ", adminPasswordFile: /x}", "ACCORD_STORAGE_ADMIN_PASSWORD_FILE=/x"},
		{"sms: {http: {headers: " + secret + "}}\nmail: {from: " + secret + "}", "=x\nACCORD_\nACCORD_SMS_COUNTRIES=" + secret},
	} {
		f.Add([]byte(seed.yaml), seed.environ)
	}
	path := filepath.Join(f.TempDir(), "accord.yaml")
	f.Fuzz(func(t *testing.T, yaml []byte, environ string) {
		require.NoError(t, os.WriteFile(path, yaml, 0o600))
		lines := strings.Split(environ, "\n")
		c, ignored, err := config.Load(path, lines)
		c2, ignored2, err2 := config.Load(path, lines)
		require.Equal(t, []any{c, ignored}, []any{c2, ignored2})
		require.Equal(t, err == nil, err2 == nil)
		if err == nil {
			require.NoError(t, c.Validate())
			require.NotEmpty(t, c.Secrets())
			return
		}
		require.Equal(t, err.Error(), err2.Error())
		for line := range strings.SplitSeq(err.Error(), "\n") {
			if strings.Contains(line, "is no setting; take it out of") {
				continue // which names what stands before the colon
			}
			require.True(t, aboutAKey.MatchString(line) || strings.Contains(line, path), "%q", line)
			require.NotContains(t, line, secret)
		}
	})
}
