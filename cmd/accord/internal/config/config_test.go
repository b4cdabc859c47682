package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"accord/cmd/accord/internal/config"
)

// whole is the least that a configuration must say, with secrets that no error
// may show.
const whole = `
gitea: {url: "http://gitea:3000", adminUser: root, adminPassword: hunter2-gitea}
storage: {endpoint: "http://minio:9000", adminUser: root, adminPassword: hunter2-storage}
database: {dsn: "hunter2-dsn.db"}
mail: {host: smtp, from: accord@example.com}
keys: {file: keys.json}
`

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func load(t *testing.T, yaml string, environ ...string) (config.Config, error) {
	t.Helper()
	c, ignored, err := config.Load(write(t, "accord.yaml", yaml), environ)
	require.Empty(t, ignored)
	return c, err
}

func TestTheLeastConfigurationTakesTheDefaults(t *testing.T) {
	got, err := load(t, whole)
	require.NoError(t, err)

	want := config.Default()
	want.Gitea.URL, want.Gitea.AdminUser, want.Gitea.AdminPassword = "http://gitea:3000", "root", "hunter2-gitea"
	want.Storage.Endpoint, want.Storage.AdminUser = "http://minio:9000", "root"
	want.Storage.AdminPassword, want.Database.DSN = "hunter2-storage", "hunter2-dsn.db"
	want.Mail.Host, want.Mail.From, want.Keys.File = "smtp", "accord@example.com", "keys.json"
	require.Empty(t, cmp.Diff(want, got))
}

func TestTheEnvironmentWinsOverTheFile(t *testing.T) {
	c, err := load(t, whole+"listen: localhost:1\nsession: {ttl: 1h}\n",
		"ACCORD_LISTEN=:2", "ACCORD_SESSION_TTL=90s", "ACCORD_HTTP_TRUSTED_PROXIES=10.0.0.0/8, ::1",
		"ACCORD_SMS_COUNTRIES=86,852", "ACCORD_SMS_HTTP_CLEARTEXT=true", "ACCORD_DELETION_GRACE=720h",
		"ACCORD_SAGA_MAX_ATTEMPTS=7", "ACCORD_HTTP_BODY_LIMIT=4096", "ACCORD_ZONE=", "OTHER=x")
	require.NoError(t, err)
	require.Equal(t, ":2", c.Listen)
	require.Equal(t, 90*time.Second, c.Session.TTL)
	require.Equal(t, []string{"10.0.0.0/8", "::1"}, c.HTTP.TrustedProxies)
	require.Equal(t, 7, c.Saga.MaxAttempts)
	require.Equal(t, []string{"86", "852"}, c.SMS.Countries)
	require.True(t, c.SMS.HTTP.Cleartext)
	require.Equal(t, 720*time.Hour, c.Deletion.Grace)
	require.EqualValues(t, 4096, c.HTTP.BodyLimit)
	require.Equal(t, "Asia/Shanghai", c.Zone, "an empty variable counts as unset")
}

func TestSecretsComeFromFiles(t *testing.T) {
	secret := write(t, "secret", "from a file\n")
	byYAML := strings.Replace(whole, "adminPassword: hunter2-gitea", "adminPasswordFile: "+secret, 1)
	c, err := load(t, byYAML, "ACCORD_STORAGE_ADMIN_PASSWORD_FILE="+secret)
	require.NoError(t, err)
	require.Equal(t, "from a file", c.Gitea.AdminPassword.Reveal())
	require.Equal(t, "from a file", c.Storage.AdminPassword.Reveal(), "the variable wins over the file's plain value")

	c, err = load(t, byYAML, "ACCORD_GITEA_ADMIN_PASSWORD=plain")
	require.NoError(t, err)
	require.Equal(t, "plain", c.Gitea.AdminPassword.Reveal(), "the variable wins over the file's File key")

	_, err = load(t, whole, "ACCORD_DATABASE_DSN=a", "ACCORD_DATABASE_DSN_FILE="+secret)
	require.ErrorContains(t, err, "database.dsn: is given together with database.dsnFile")
	_, err = load(t, whole, "ACCORD_DATABASE_DSN_FILE=/nowhere/at/all")
	require.ErrorContains(t, err, "database.dsnFile: open /nowhere/at/all")
	_, err = load(t, whole, "ACCORD_DATABASE_DSN_FILE="+write(t, "big", strings.Repeat("x", 100<<10)))
	require.ErrorContains(t, err, "larger than")
}

func TestAllFaultsAreReportedTogetherAndShowNoValue(t *testing.T) {
	_, err := load(t, `
listen: hunter2
zone: Hunter2/Nowhere
audience: "hunter2\u0007"
sesion: {ttl: 2h}
session: {ttl: 7200, keep: hunter2}
dialects: [infinite, hunter2]
http: {trustedProxies: [hunter2], bodyLimit: many}
gitea: {url: "http://root:hunter2@gitea", adminPassword: 12345678}
storage: {endpoint: "ftp://hunter2", region: "", bucket: ab}
database: {driver: hunter2}
mail: {host: "hunter2!", port: 99999, tls: hunter2, username: hunter2, from: hunter2}
sms:
  {provider: dev, countries: [hunter2], perClientHour: -1, aliyun: {templates: [hunter2]},
   http: {headers: "hunter2", cleartext: hunter2, encoding: hunter2}}
deletion: {grace: -1s}
picture: {allowedHosts: {hunter2: x}}
log: {level: {hunter2: 1}}
`)
	require.Error(t, err)
	require.NotContains(t, strings.ReplaceAll(strings.ReplaceAll(err.Error(), "log.level.hunter2", ""), "picture.allowedHosts.hunter2", ""), "hunter2")
	for _, want := range []string{
		"listen: is not an address", "audience: is not one line", "zone: is not a time zone", "sesion.ttl: is no setting", "session.ttl: is not a duration",
		"session.keep: is not a duration", "dialects: is none of infinite, ", "http.trustedProxies: has an item",
		"http.bodyLimit: is not a whole number", "gitea.url: has a user or password", "gitea.adminUser: is missing",
		"gitea.adminPassword: is not text", "storage.endpoint: is not an http", "storage.region: is missing",
		"storage.bucket: is less than 3", "storage.adminUser: is missing", "storage.adminPassword: is missing",
		"database.driver: is none of sqlite, mysql", "database.dsn: is missing", "mail.host: is not a host", "mail.port: is more than",
		"mail.tls: is none of", "mail.password: is missing", "mail.from: is not a mail", "sms.dir: is missing",
		"sms.countries: has an item that is no country code", "sms.perClientHour: is less than 0",
		"sms.aliyun.templates: has an item", "sms.http.headers: has a line", "sms.http.cleartext: is not true or false",
		"sms.http.encoding: is none of json, form", "deletion.grace: is less than 0", "picture.allowedHosts.hunter2: is no setting",
		"keys.file: is missing", "log.level.hunter2: is no setting",
	} {
		require.Regexp(t, "(?m)^"+want, err.Error())
	}
	require.Contains(t, err.Error(), "ACCORD_STORAGE_ADMIN_PASSWORD or ACCORD_STORAGE_ADMIN_PASSWORD_FILE")
}

func TestSessionTokensHaveNoScopeThatMakesCredentials(t *testing.T) {
	c, err := load(t, whole, "ACCORD_GITEA_TOKEN_SCOPES=read:user, write:repository")
	require.NoError(t, err)
	require.Equal(t, []string{"read:user", "write:repository"}, c.Gitea.TokenScopes)
	for _, scope := range []string{
		"all", "sudo", "read:admin", "write:admin", "write:user", "write:activitypub", "write:misc", "repo", "hunter2", "",
	} {
		_, err := load(t, whole+fmt.Sprintf("gitea.tokenScopes: [read:user, %q]\n", scope))
		require.ErrorContains(t, err, "gitea.tokenScopes: has an item that session tokens cannot have; allowed are public-only, read:user, ", scope)
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, err = load(t, whole+"gitea.tokenScopes: []\n")
	require.ErrorContains(t, err, "gitea.tokenScopes: is less than 1")
}

func TestTheGuardsBoundsGoTogether(t *testing.T) {
	_, err := load(t, whole+`
guard: {accountFree: 5, accountLockAfter: 5, clientFree: -1, delay: 2m, maxDelay: 1m, lockFor: 30s, exemptClients: [nowhere]}
password: {wait: -1s}
`)
	for _, want := range []string{
		"guard.accountLockAfter: is not more than accountFree", "guard.clientFree: is less than 0", "guard.maxDelay: is less than delay",
		"guard.lockFor: is less than maxDelay", "guard.exemptClients: has an item", "password.wait: is less than 0",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = load(t, whole+"guard: {accountFree: 0, accountLockAfter: 0, clientFree: 0, clientLockAfter: 0, exemptClients: ['::1', 10.0.0.0/8]}\n")
	require.NoError(t, err, "no limits at all")
}

func TestBrokenFilesAreFaults(t *testing.T) {
	_, _, err := config.Load("/nowhere/accord.yaml", nil)
	require.EqualError(t, err, "open /nowhere/accord.yaml: no such file or directory", "the rest was not asked for")
	dir := t.TempDir()
	_, _, err = config.Load(dir, nil)
	require.EqualError(t, err, "read "+dir+": is a directory")
	for _, text := range []string{"hunter2", "- hunter2", "a: [hunter2", "a: hunter2\na: 2", "a: *hunter2", "a: !!int hunter2"} {
		file := write(t, "accord.yaml", text)
		_, _, err := config.Load(file, nil)
		require.ErrorContains(t, err, file+": is not YAML", text)
		require.NotContains(t, err.Error(), "hunter2")
		require.NotContains(t, err.Error(), "\n", "only the file's fault is told")
	}
	_, err = load(t, "listen: x\n a: b")
	require.ErrorContains(t, err, "is not YAML: line 2: ")
	_, err = load(t, whole+"mail2:\nlog:\n")
	require.EqualError(t, err, strings.Split(err.Error(), "\n")[0], "an empty group of settings is no fault")
	require.ErrorContains(t, err, "mail2: is no setting")
}

func TestWhoGivesNothingIsToldOfTheFile(t *testing.T) {
	const hint = "no setting is given: name a configuration file by --config FILE\n"
	_, _, err := config.Load("", nil)
	require.Regexp(t, "^"+hint+"gitea.url: is missing", err.Error())
	_, _, err = config.Load("", []string{"ACCORD_GITEA_URL=http://gitea"})
	require.NotContains(t, err.Error(), hint)
	_, err = load(t, "")
	require.NotContains(t, err.Error(), hint, "the file that was given holds nothing")
}

func TestUnknownVariablesAreNamed(t *testing.T) {
	_, ignored, err := config.Load(write(t, "accord.yaml", whole), []string{"ACCORD_GITEA_ULR=x", "ACCORD_GITEA_BIN=y"})
	require.NoError(t, err)
	require.Equal(t, []string{"ACCORD_GITEA_ULR"}, ignored)
}

func TestWriteAndLoadAgree(t *testing.T) {
	want, err := load(t, whole+"dialects: [infinite]\nhttp: {trustedProxies: ['::1']}\n")
	require.NoError(t, err)
	want.Gitea.AdminPassword = `"quoted": 'and' # more`
	path := filepath.Join(t.TempDir(), "accord.yaml")
	require.NoError(t, want.Write(path, "a heading", "listen: of two lines"))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), "# a heading\n# listen: of two lines\n"))
	got, _, err := config.Load(path, nil)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got))

	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file is left")
}

func TestEnvNames(t *testing.T) {
	for key, want := range map[string]string{
		"listen": "ACCORD_LISTEN", "gitea.adminPasswordFile": "ACCORD_GITEA_ADMIN_PASSWORD_FILE",
		"http.bodyLimit": "ACCORD_HTTP_BODY_LIMIT", "password.memory": "ACCORD_PASSWORD_MEMORY",
	} {
		require.Equal(t, want, config.EnvName(key))
	}
}

// TestEverySettingIsDocumented keeps the reference and the program together.
func TestEverySettingIsDocumented(t *testing.T) {
	manual, err := os.ReadFile("../../../../docs/operating.md")
	require.NoError(t, err)
	for _, s := range config.Reference() {
		row := fmt.Sprintf("| `%s` | `%s` | %s |", s.Key, s.Env, s.Default)
		require.Contains(t, string(manual), row)
	}
}

func TestWebOrigins(t *testing.T) {
	const key = "http.allowedOrigins"
	for origin, good := range map[string]bool{
		"https://app.example.com": true, "http://app.example.com:8080": true, "http://[::1]:3000": true, "*": true,
		"http://localhost:*": true, "https://127.0.0.1:*": true, "http://[::1]:*": true,
		"https://app.example.com/": false, "https://app.example.com:443": false, "http://app.example.com:80": false,
		"https://App.example.com": false, "HTTPS://app.example.com": false, "app.example.com": false, "null": false,
		"https://*.example.com": false, "https://app.example.com:*": false, "https://user@app.example.com": false,
		"https://app.example.com?x": false, "https://app.example.com:": false, "ftp://app.example.com": false, "": false,
		"http://localhost:*/": false, "http://localhost/:*": false,
	} {
		_, err := load(t, whole+fmt.Sprintf("%s: [%q]\n", key, origin))
		if good {
			require.NoError(t, err, origin)
			continue
		}
		require.ErrorContains(t, err, key+": has an item that is not an origin as browsers send it", origin)
	}
	const credentials = "http.allowCredentials: true\n"
	_, err := load(t, whole+key+": ['https://app.example.com']\n"+credentials)
	require.NoError(t, err)
	_, err = load(t, whole+key+": ['*']\n"+credentials)
	require.ErrorContains(t, err, key)
}
