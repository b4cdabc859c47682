package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"accord/adapters/servers"
	"accord/app"
	"accord/cmd/accord/internal/config"
)

// composeService is one service of docker-compose.yml, as far as tests read it.
type composeService struct {
	Image       string
	Command     []string
	Environment map[string]string
	Volumes     []string
	Networks    []string
	NetworkMode string `yaml:"network_mode"`
	Ports       []string
}

func (s composeService) ours() bool { return strings.HasPrefix(s.Image, "accord:") }

func composeFile(t *testing.T) map[string]composeService {
	t.Helper()
	text, err := os.ReadFile("../../docker-compose.yml")
	require.NoError(t, err)
	var file struct{ Services map[string]composeService }
	require.NoError(t, yaml.Unmarshal(text, &file))
	return file.Services
}

// TestTheComposeFileSpeaksOurSettings loads the configuration that it gives to
// each service of ours; only the files of secrets are not there.
func TestTheComposeFileSpeaksOurSettings(t *testing.T) {
	ours := 0
	for name, service := range composeFile(t) {
		if !service.ours() {
			continue
		}
		ours++
		var environ []string
		for key, value := range service.Environment {
			environ = append(environ, key+"="+value)
		}
		_, ignored, err := config.Load("", environ)
		require.Empty(t, ignored, name)
		for line := range strings.SplitSeq(err.Error(), "\n") {
			require.Regexp(t, `^(gitea|storage|database)\.\w+(: open /secrets/|: is missing)`, line, name)
		}
	}
	require.Equal(t, 3, ours)
}

var secretName = regexp.MustCompile(`(?i)(password|secret_key|dsn)$`)

// TestComposeKeepsSecretsInFiles: none is in an environment or on a command line,
// where every user of the machine can read it, and each volume of secrets is
// written by the service that makes them alone.
func TestComposeKeepsSecretsInFiles(t *testing.T) {
	for name, service := range composeFile(t) {
		for key := range service.Environment {
			require.NotRegexp(t, secretName, key, name)
		}
		require.NotRegexp(t, `(?i)password`, strings.Join(service.Command, " "), name)
		for _, volume := range service.Volumes {
			source, rest, _ := strings.Cut(volume, ":")
			makes := name == "bootstrap" || name == "gitea-admin" && source == "gitea-admin-secrets"
			if strings.HasSuffix(source, "-secrets") && !makes {
				require.True(t, strings.HasSuffix(rest, ":ro"), "%s can write %s", name, source)
			}
		}
	}
}

// TestComposeKeepsSystemsApart: systems meet Accord and not one another, and what
// is published is published to this machine alone.
func TestComposeKeepsSystemsApart(t *testing.T) {
	members := map[string][]string{}
	for name, service := range composeFile(t) {
		require.True(t, len(service.Networks) > 0 || service.NetworkMode == "none", "%s is on the default network", name)
		for _, network := range service.Networks {
			if !service.ours() {
				members[network] = append(members[network], name)
			}
		}
		for _, port := range service.Ports {
			require.True(t, strings.HasPrefix(port, "127.0.0.1:"), "%s publishes %s", name, port)
		}
	}
	for network, names := range members {
		require.Len(t, names, 1, "network %s: %s", network, names)
	}
	require.Len(t, members, 4)
}

// runScript runs a script of deploy/ on secrets in dir.
func runScript(t *testing.T, name, dir string, environ ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", filepath.Join("../../deploy", name))
	cmd.Env = append(append(os.Environ(), "SECRETS="+dir), environ...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestBootstrapMakesEachSecretOnce(t *testing.T) {
	dir := t.TempDir()
	out, err := runScript(t, "bootstrap.sh", dir)
	require.NoError(t, err, out)
	made := secretsIn(t, dir)
	require.Len(t, made, 6)
	require.Equal(t, made["storage/root_password"], made["accord/storage_root_password"])
	require.Contains(t, made["accord/database_dsn"], ":"+made["mysql/password"]+"@")

	out, err = runScript(t, "bootstrap.sh", dir)
	require.NoError(t, err, out)
	require.Empty(t, out)
	require.Equal(t, made, secretsIn(t, dir))
}

// secretsIn reads every file below dir; none may be open to others.
func secretsIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "%s has mode %04o", path, info.Mode().Perm())
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		name, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		found[name] = string(text)
		return nil
	}))
	return found
}

// TestGiteaAdminKeepsThePasswordOffTheCommandLine runs the script on a real Gitea.
func TestGiteaAdminKeepsThePasswordOffTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	program := builtServers(t)["ACCORD_GITEA_BIN"]
	server, err := servers.StartGitea(t.Context(), servers.Options{Dir: dir, Bin: program})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop(t.Context())) })

	bin, seen := t.TempDir(), filepath.Join(t.TempDir(), "arguments")
	wrapper := "#!/bin/sh\nprintf '%s\\n' \"$*\" >>" + seen + "\ncd " + dir + " && exec " + program + " --config " + filepath.Join(dir, "app.ini") + " --work-path " + dir + " \"$@\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "gitea"), []byte(wrapper), 0o700))
	path := "PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH")
	secrets := t.TempDir()
	kept := filepath.Join(secrets, "gitea-admin", "admin_password")
	require.NoError(t, os.Mkdir(filepath.Dir(kept), 0o700))

	out, err := runScript(t, "gitea-admin.sh", secrets, path, "ADMIN=another-admin")
	require.NoError(t, err, out)
	password, err := os.ReadFile(kept)
	require.NoError(t, err)
	require.Len(t, password, 32)
	info, err := os.Stat(kept)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o440), info.Mode().Perm())
	arguments, err := os.ReadFile(seen)
	require.NoError(t, err)
	require.NotContains(t, string(arguments), string(password))
	require.NotContains(t, out, string(password))

	c := config.Default().Gitea
	c.URL, c.AdminUser, c.AdminPassword = server.URL, "another-admin", app.Secret(password)
	directory, err := newGitea(c, nil)
	require.NoError(t, err)
	t.Cleanup(directory.Close)
	report, err := directory.Probe(t.Context())
	require.NoError(t, err)
	require.True(t, report.Admin, "%+v", report)

	// It is made once, and a run that was cut off is reported.
	out, err = runScript(t, "gitea-admin.sh", secrets, path, "ADMIN=another-admin")
	require.NoError(t, err, out)
	again, err := os.ReadFile(kept)
	require.NoError(t, err)
	require.True(t, slices.Equal(password, again))
	require.NoError(t, os.Remove(kept))
	out, err = runScript(t, "gitea-admin.sh", secrets, path, "ADMIN=another-admin")
	require.Error(t, err)
	require.Contains(t, out, "the first start was cut off")
}

// TestTheComposeFileClosesGitea: it sets of docs/gitea.md's table what it claims.
func TestTheComposeFileClosesGitea(t *testing.T) {
	gitea := composeFile(t)["gitea"].Environment
	for setting, want := range map[string]string{
		"service__DISABLE_REGISTRATION": "true", "service__ENABLE_CAPTCHA": "true", "service__REQUIRE_CAPTCHA_FOR_LOGIN": "true",
		"service__ENABLE_PASSKEY_AUTHENTICATION": "false", "service__DEFAULT_KEEP_EMAIL_PRIVATE": "true",
		"service__REQUIRE_SIGNIN_VIEW": "true", "repository__ENABLE_PUSH_CREATE_USER": "true", "oauth2__ENABLED": "false",
		"server__DISABLE_SSH": "true", "actions__ENABLED": "false", "session__SESSION_LIFE_TIME": "3600",
		"admin__USER_DISABLED_FEATURES": "manage_ssh_keys,manage_gpg_keys,deletion,manage_credentials,manage_mfa,change_username",
	} {
		require.Equal(t, want, gitea["GITEA__"+setting], setting)
	}
	for name, service := range composeFile(t) {
		if slices.Contains(service.Command, "serve") {
			require.Equal(t, "1h", service.Environment["ACCORD_GITEA_SESSION_LIFETIME"], name)
		}
	}
}
