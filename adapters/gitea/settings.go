package gitea

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"

	"accord/app"
)

// Setting is what a trial on the running server found about one setting of Gitea.
type Setting struct {
	// Name is the setting in Gitea's app.ini, such as [service] DISABLE_REGISTRATION.
	Name string
	// Advice says what to set and why; empty if it is set so.
	Advice string
}

// ProbeSettings tries on the running server whether Gitea is set as docs/gitea.md
// recommends. What cannot be tried is missing from the result. It creates a user
// for the trial and removes it again. Errors are those of Directory.
func (d *Directory) ProbeSettings(ctx context.Context) ([]Setting, error) {
	var found []Setting
	for _, try := range []func(context.Context) ([]Setting, error){
		d.tryPasswordOfAPI, d.trySignInPage, d.tryRegistration, d.trySearch, d.tryPush, d.tryNewUser,
	} {
		settings, err := try(ctx)
		if err != nil {
			return nil, err
		}
		found = append(found, settings...)
	}
	return found, nil
}

// setting has the advice unless the setting is good.
func setting(name string, good bool, advice string) []Setting {
	if good {
		advice = ""
	}
	return []Setting{{Name: name, Advice: advice}}
}

// webPage reads one of Gitea's pages as a stranger.
func (d *Directory) webPage(ctx context.Context, path string) (answer, error) {
	return d.send(ctx, request{op: "read a page", method: http.MethodGet, path: path, anonymous: true})
}

func (d *Directory) tryPasswordOfAPI(ctx context.Context) ([]Setting, error) {
	a, err := d.send(ctx, request{
		op: "try the administrator's password", method: http.MethodGet, path: path("user"), person: d.user, personsPassword: d.password,
	})
	if err != nil || a.status != http.StatusOK && !a.anonymous() {
		return nil, err
	}
	return setting("[service] ENABLE_BASIC_AUTHENTICATION", a.anonymous(),
		"Git and the API take passwords, and Gitea has no limit on guesses: set it to false once gitea.adminToken is set"), nil
}

func (d *Directory) trySignInPage(ctx context.Context) ([]Setting, error) {
	a, err := d.webPage(ctx, "/user/login")
	if err != nil || a.status != http.StatusOK {
		return nil, err
	}
	page := string(a.body)
	form := strings.Contains(page, `name="password"`)
	found := setting("[service] ENABLE_PASSWORD_SIGNIN_FORM", !form,
		"the sign-in page takes passwords, and Gitea has no limit on guesses: set it to false if users need no pages")
	return append(found, setting("[service] REQUIRE_CAPTCHA_FOR_LOGIN", !form || strings.Contains(page, `id="captcha"`),
		"programs can guess passwords on the sign-in page: set it and ENABLE_CAPTCHA to true")...), nil
}

func (d *Directory) tryRegistration(ctx context.Context) ([]Setting, error) {
	a, err := d.webPage(ctx, "/user/sign_up")
	if err != nil || a.status != http.StatusOK {
		return nil, err
	}
	return setting("[service] DISABLE_REGISTRATION", !strings.Contains(string(a.body), `name="email"`),
		"anyone can register in Gitea and take names and addresses that Accord then cannot give: set it to true"), nil
}

// trySearch looks for users as a stranger.
func (d *Directory) trySearch(ctx context.Context) ([]Setting, error) {
	a, err := d.send(ctx, request{
		op: "search users", method: http.MethodGet, path: path("users", "search"), query: url.Values{"limit": {"1"}}, anonymous: true,
	})
	if err != nil || a.status != http.StatusOK && !a.anonymous() {
		return nil, err
	}
	return setting("[service] REQUIRE_SIGNIN_VIEW", a.anonymous(),
		"anyone can list the users, and find those who show their address by it: set it to true if nothing is public"), nil
}

// tryPush asks for what a push asks first. Gitea creates nothing before the push
// itself.
func (d *Directory) tryPush(ctx context.Context) ([]Setting, error) {
	a, err := d.send(ctx, request{
		op: "try a push", method: http.MethodGet, path: "/" + url.PathEscape(d.user) + "/accord-probe-" + rand.Text() + ".git/info/refs",
		query: url.Values{"service": {"git-receive-pack"}}, basic: true,
	})
	off := strings.Contains(string(a.body), "Push to create is not enabled")
	if err != nil || a.status != http.StatusOK && !off {
		return nil, err
	}
	return setting("[repository] ENABLE_PUSH_CREATE_USER", !off,
		"session tokens create personal repositories by pushing alone: set it to true"), nil
}

// tryNewUser looks at what a new user may do and shows.
func (d *Directory) tryNewUser(ctx context.Context) (found []Setting, err error) {
	name := "accord-probe-" + strings.ToLower(rand.Text())[:12]
	a, err := d.send(ctx, request{
		op: "create a user to try", method: http.MethodPost, path: path("admin", "users"),
		body: newUser{Username: name, Email: name + "@accord.invalid", Password: rand.Text() + "aA1!"},
	})
	if err != nil || a.status != http.StatusCreated {
		return nil, err
	}
	defer func() {
		removed, removeErr := d.send(context.WithoutCancel(ctx), request{
			op: "remove the user that was tried", method: http.MethodDelete, path: path("admin", "users", name),
			query: url.Values{"purge": {"true"}},
		})
		if removeErr == nil && removed.status != http.StatusNoContent {
			removeErr = removed.fault()
		}
		if err == nil {
			err = removeErr
		}
	}()
	probe := user{Login: name}
	settings, err := d.tryAddress(ctx, probe)
	if err != nil {
		return nil, err
	}
	keys, err := d.tryKey(ctx, probe)
	return append(settings, keys...), err
}

func (d *Directory) tryAddress(ctx context.Context, u user) ([]Setting, error) {
	a, err := d.send(ctx, request{
		op: "read settings", method: http.MethodGet, path: path("user", "settings"), query: as(u), basic: true,
	})
	if err != nil || a.status != http.StatusOK {
		return nil, err
	}
	var shown struct {
		HideEmail bool `json:"hide_email"`
	}
	if err := a.decode(&shown); err != nil {
		return nil, err
	}
	return setting("[service] DEFAULT_KEEP_EMAIL_PRIVATE", shown.HideEmail,
		"every token can list the addresses of all users: set it to true; existing users change theirs"), nil
}

func (d *Directory) tryKey(ctx context.Context, u user) ([]Setting, error) {
	a, err := d.send(ctx, request{
		op: "add a key", method: http.MethodPost, path: path("user", "keys"), query: as(u), basic: true,
		body: map[string]string{"title": "probe", "key": unusableKey()},
	})
	if err != nil || a.status != http.StatusCreated && a.status != http.StatusNotFound {
		return nil, err
	}
	return setting("[admin] USER_DISABLED_FEATURES", a.status == http.StatusNotFound,
		"users can add SSH keys, which outlive a session: list manage_ssh_keys, manage_gpg_keys, deletion, manage_credentials "+
			"and change_username there"), nil
}

// unusableKey is an SSH key without a private half.
func unusableKey() string {
	const kind = "ssh-ed25519"
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails
	var wire []byte
	for _, part := range [][]byte{[]byte(kind), random} {
		wire = binary.BigEndian.AppendUint32(wire, uint32(len(part))) //nolint:gosec // 32 at most
		wire = append(wire, part...)
	}
	return kind + " " + base64.StdEncoding.EncodeToString(wire)
}

// sealedTrial is a password like those that sealed accounts have in Gitea.
const sealedTrial = app.Secret("QZKFWVX7QZKFWVX7QZKFWVX7QZKFWVX7QZKFaA1!")
