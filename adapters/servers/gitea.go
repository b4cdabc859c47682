package servers

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"gopkg.in/ini.v1"
)

// Gitea is a running Gitea server on an SQLite database.
type Gitea struct {
	*Process
	// URL is the base URL, without a trailing slash.
	URL string
	// AdminUser and AdminPassword are an administrator's credentials.
	AdminUser, AdminPassword string
	// passwordless: the API takes no password.
	passwordless bool
}

// StartGitea starts Gitea and returns when it serves requests and its administrator can sign in. A program that was built
// without its assets finds them in the folder ACCORD_GITEA_STATIC, by default `gitea-static` beside it. ctx bounds the start
// only. Errors are one line that tells what to do, or the end of the server's log when it exits by itself; nothing is left
// running then.
func StartGitea(ctx context.Context, opts Options) (*Gitea, error) {
	bin, err := locateBuilt("gitea", "ACCORD_GITEA_BIN", opts.Bin)
	if err != nil {
		return nil, err
	}
	h, err := openHome(ctx, "gitea", opts)
	if err != nil {
		return nil, err
	}
	server, err := startGitea(ctx, h, bin, opts)
	if err != nil {
		return nil, errors.Join(err, h.release())
	}
	err = server.await(ctx, func(ctx context.Context) error { return getOK(ctx, server.URL+"/api/healthz") })
	if err == nil {
		err = server.admit(ctx, bin)
	}
	if err != nil {
		return nil, errors.Join(err, server.Stop(ctx))
	}
	return server, nil
}

func startGitea(ctx context.Context, h *home, bin string, opts Options) (*Gitea, error) {
	addr, err := pick(ctx, opts.Listen)
	if err != nil {
		return nil, fmt.Errorf("gitea: %w", err)
	}
	server := &Gitea{URL: "http://" + addr.dial()}
	secrets, err := giteaSecretsIn(h.path("secrets.json"))
	if err != nil {
		return nil, fmt.Errorf("gitea: %w", err)
	}
	server.passwordless = opts.Settings["service.ENABLE_BASIC_AUTHENTICATION"] == "false"
	config, err := giteaConfig(h, addr, server.URL, staticRoot(bin), secrets, opts.Settings)
	if err != nil {
		return nil, fmt.Errorf("gitea: %w", err)
	}
	if err := writeFile(h.path("app.ini"), config); err != nil {
		return nil, fmt.Errorf("gitea: %w", err)
	}
	server.Process, err = spawn(h, bin, giteaArgs(h, "web"), nil)
	return server, err
}

func giteaArgs(h *home, command ...string) []string {
	return append([]string{"--config", h.path("app.ini"), "--work-path", h.dir}, command...)
}

// staticRoot is the folder with the templates and locales of a program that lacks them, or nothing.
func staticRoot(bin string) string {
	if root := os.Getenv("ACCORD_GITEA_STATIC"); root != "" {
		return root
	}
	root := filepath.Join(filepath.Dir(bin), "gitea-static")
	if _, err := os.Stat(root); err != nil {
		return ""
	}
	return root
}

// giteaSecrets are what Gitea would otherwise generate and write into its configuration itself.
type giteaSecrets struct {
	SecretKey     string `json:"secretKey"`
	InternalToken string `json:"internalToken"`
	JWTSecret     string `json:"jwtSecret"`
	LFSSecret     string `json:"lfsSecret"`
}

func giteaSecretsIn(path string) (giteaSecrets, error) {
	var secrets giteaSecrets
	found, err := recall(path, &secrets)
	if err != nil || found && secrets.LFSSecret != "" {
		return secrets, err
	}
	if !found {
		secrets = giteaSecrets{SecretKey: rand.Text(), InternalToken: rand.Text() + rand.Text(), JWTSecret: jwtSecret()}
	}
	secrets.LFSSecret = jwtSecret() // folders of older programs have none
	return secrets, keep(path, secrets)
}

func jwtSecret() string {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return base64.RawURLEncoding.EncodeToString(secret)
}

// giteaConfig renders app.ini: no registration, no mail, no background jobs, and nothing that reaches out to the network.
func giteaConfig(h *home, addr address, url, static string, secrets giteaSecrets, own map[string]string) ([]byte, error) {
	settings := []struct{ section, key, value string }{
		{"", "I_AM_BEING_UNSAFE_RUNNING_AS_ROOT", fmt.Sprint(os.Geteuid() == 0)},
		{"", "WORK_PATH", h.dir},
		{"server", "HTTP_ADDR", addr.host},
		{"server", "HTTP_PORT", addr.port},
		{"server", "ROOT_URL", url + "/"},
		{"server", "STATIC_ROOT_PATH", static},
		{"server", "DISABLE_SSH", "true"},
		{"server", "OFFLINE_MODE", "true"},
		{"server", "LFS_START_SERVER", "true"},
		{"server", "LFS_JWT_SECRET", secrets.LFSSecret},
		{"database", "DB_TYPE", "sqlite3"},
		{"database", "PATH", "gitea.db"}, // in Dir: a whole path stands in a URL there, unescaped
		{"database", "SQLITE_JOURNAL_MODE", "WAL"},
		{"security", "INSTALL_LOCK", "true"},
		{"security", "SECRET_KEY", secrets.SecretKey},
		{"security", "INTERNAL_TOKEN", secrets.InternalToken},
		{"security", "MIN_PASSWORD_LENGTH", "8"},
		{"security", "PASSWORD_COMPLEXITY", "off"},
		{"oauth2", "ENABLED", "false"},
		{"oauth2", "JWT_SECRET", secrets.JWTSecret},
		{"service", "DISABLE_REGISTRATION", "true"},
		{"cors", "ENABLED", "true"},
		{"cors", "ALLOW_DOMAIN", "http://localhost:*,http://127.0.0.1:*"},
		{"repository", "ENABLE_PUSH_CREATE_USER", "true"},
		{"repository", "ENABLE_PUSH_CREATE_ORG", "true"},
		{"openid", "ENABLE_OPENID_SIGNIN", "false"},
		{"mailer", "ENABLED", "false"},
		{"actions", "ENABLED", "false"},
		{"indexer", "ISSUE_INDEXER_TYPE", "db"},
		{"cron", "ENABLED", "false"},
		{"cron.update_checker", "ENABLED", "false"},
		{"log", "LEVEL", "Warn"}, // to the standard output, which is Dir/log
		{"log", "logger.router.MODE", ","},
	}
	file := ini.Empty()
	for _, s := range settings {
		if s.value == "" {
			continue
		}
		if _, err := file.Section(s.section).NewKey(s.key, s.value); err != nil {
			return nil, err
		}
	}
	for name, value := range own {
		section, key, _ := strings.Cut(name, ".")
		if _, err := file.Section(section).NewKey(key, value); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	_, err := file.WriteTo(&out)
	return out.Bytes(), err
}

// admit makes sure that the administrator can sign in, and creates it the first time. Gitea chooses the password, so that
// none stands on a command line.
func (g *Gitea) admit(ctx context.Context, bin string) error {
	kept := g.home.path("admin.json")
	var admin login
	found, err := recall(kept, &admin)
	if err != nil {
		return fmt.Errorf("gitea: %w", err)
	}
	if !found {
		admin.User = "accord-admin"
		if admin.Password, err = createAdmin(ctx, g.home, bin, admin.User); err != nil {
			return err
		}
		if err := keep(kept, admin); err != nil {
			return fmt.Errorf("gitea: %w", err)
		}
	}
	g.AdminUser, g.AdminPassword = admin.User, admin.Password
	if g.passwordless { // nothing to try the password on
		return nil
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.URL+"/api/v1/user", http.NoBody)
	if err != nil {
		return err
	}
	request.SetBasicAuth(admin.User, admin.Password)
	if err := expect(request, http.StatusOK); err != nil {
		return fmt.Errorf("gitea: its administrator cannot sign in; remove %s to start anew: %w", g.home.dir, err)
	}
	return nil
}

var chosenPassword = regexp.MustCompile(`generated random password is '(.+)'`)

func createAdmin(ctx context.Context, h *home, bin, user string) (password string, err error) {
	cmd := exec.CommandContext(ctx, bin, giteaArgs(h, "admin", "user", "create", "--admin",
		"--must-change-password=false", "--random-password", "--random-password-length=24",
		"--username="+user, "--email="+user+"@accord.invalid")...)
	cmd.Dir, cmd.Env = h.dir, environment(h)
	out, err := cmd.Output()
	match := chosenPassword.FindSubmatch(out)
	if err != nil || match == nil {
		return "", fmt.Errorf("gitea: cannot create its administrator; remove %s to start anew: %w", h.dir, outcome(err))
	}
	return string(match[1]), nil
}

// outcome adds what a failed command said.
func outcome(err error) error {
	if err == nil {
		return errors.New("unexpected output")
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
	}
	return err
}
