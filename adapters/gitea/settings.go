package gitea

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"accord/app"
)

// Setting is what a trial on the running server found about one setting of Gitea.
type Setting struct {
	// Name is the setting in Gitea's app.ini, such as [service] DISABLE_REGISTRATION.
	Name string
	// Advice says what to set and why; empty if it is set so, or was not tried.
	Advice string
	// Door: while the advice is not followed, passwords can be guessed, or people get
	// in, or stay in, past Accord.
	Door bool
	// NotTried says why the setting could not be tried; empty if it was.
	NotTried string
	// Rest names the part of a good setting that could not be tried.
	Rest string
}

// The settings of the table in docs/gitea.md.
const (
	settingBasic        = "[service] ENABLE_BASIC_AUTHENTICATION"
	settingForm         = "[service] ENABLE_PASSWORD_SIGNIN_FORM"
	settingPasskeys     = "[service] ENABLE_PASSKEY_AUTHENTICATION"
	settingCaptcha      = "[service] REQUIRE_CAPTCHA_FOR_LOGIN"
	settingRegistration = "[service] DISABLE_REGISTRATION"
	settingSearch       = "[service] REQUIRE_SIGNIN_VIEW"
	settingPush         = "[repository] ENABLE_PUSH_CREATE_USER"
	settingOAuth2       = "[oauth2] ENABLED"
	settingCORS         = "[cors] ENABLED"
	settingAddress      = "[service] DEFAULT_KEEP_EMAIL_PRIVATE"
	settingFeatures     = "[admin] USER_DISABLED_FEATURES"
	settingActions      = "[actions] ENABLED"
	settingSSH          = "[server] DISABLE_SSH"
	settingSession      = "[session] SESSION_LIFE_TIME"
)

// ProbeSettings tries on the running server whether Gitea is set as docs/gitea.md
// recommends, for pages of those web origins. It returns every setting of the
// table there, and says of each that could not be tried why. It creates a user for
// the trial and removes it again. Errors are those of Directory.
func (d *Directory) ProbeSettings(ctx context.Context, origins []string) ([]Setting, error) {
	var found []Setting
	for _, try := range []func(context.Context) ([]Setting, error){
		d.tryPasswordOfAPI, d.trySignInPage, d.tryPasskeys, d.tryRegistration, d.trySearch, d.tryPush, d.tryOAuth2,
		func(ctx context.Context) ([]Setting, error) { return d.tryOrigins(ctx, origins) },
		d.tryNewUser,
	} {
		settings, err := try(ctx)
		if err != nil {
			return nil, err
		}
		found = append(found, settings...)
	}
	return append(found,
		Setting{Name: settingSSH, NotTried: "Gitea's API shows addresses for SSH either way"},
		Setting{Name: settingSession, NotTried: "the cookie of Gitea's pages bears no time; set gitea.sessionLifetime to the same"}), nil
}

// door has the advice unless the setting is good.
func door(name string, good bool, advice string) []Setting {
	found := setting(name, good, advice)
	found[0].Door = true
	return found
}

// setting is a door that deployments may need open, or none.
func setting(name string, good bool, advice string) []Setting {
	if good {
		advice = ""
	}
	return []Setting{{Name: name, Advice: advice}}
}

// unclear says of the settings that the answer to their trial shows nothing.
func (a answer) unclear(names ...string) (found []Setting) {
	for _, name := range names {
		found = append(found, Setting{Name: name, NotTried: fmt.Sprintf("Gitea, or a proxy before it, answered the trial by status %d", a.status)})
	}
	return found
}

// webPage reads one of Gitea's pages as a stranger.
func (d *Directory) webPage(ctx context.Context, path string) (answer, error) {
	return d.send(ctx, request{op: "read a page", method: http.MethodGet, path: path, anonymous: true})
}

func (d *Directory) tryPasswordOfAPI(ctx context.Context) ([]Setting, error) {
	a, err := d.send(ctx, request{
		op: "try the administrator's password", method: http.MethodGet, path: path("user"), person: d.user, personsPassword: d.password,
	})
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusOK && !a.anonymous():
		return a.unclear(settingBasic), nil
	}
	return setting(settingBasic, a.anonymous(), // behind the sample proxy it may stay open
		"Git and the API take passwords, and Gitea has no limit on guesses: set it to false once gitea.adminToken is set"), nil
}

func (d *Directory) trySignInPage(ctx context.Context) ([]Setting, error) {
	a, err := d.webPage(ctx, "/user/login")
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusOK:
		return a.unclear(settingForm, settingCaptcha), nil
	}
	page := string(a.body)
	form, captcha := strings.Contains(page, `name="password"`), strings.Contains(page, `id="captcha"`)
	found := door(settingForm, !form,
		"the sign-in page takes passwords, and Gitea has no limit on guesses: set it to false if users need no pages")
	found[0].Door = !captcha
	return append(found, door(settingCaptcha, !form || captcha,
		"programs can guess passwords on the sign-in page: set it and ENABLE_CAPTCHA to true")...), nil
}

// tryPasskeys begins a sign-in by passkey.
func (d *Directory) tryPasskeys(ctx context.Context) ([]Setting, error) {
	a, err := d.webPage(ctx, "/user/webauthn/passkey/assertion")
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusOK && a.status != http.StatusForbidden:
		return a.unclear(settingPasskeys), nil
	}
	return door(settingPasskeys, a.status == http.StatusForbidden,
		"a passkey that an intruder added signs in without a password, and nothing ends it: set it to false"), nil
}

func (d *Directory) tryRegistration(ctx context.Context) ([]Setting, error) {
	a, err := d.webPage(ctx, "/user/sign_up")
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusOK:
		return a.unclear(settingRegistration), nil
	}
	return door(settingRegistration, !strings.Contains(string(a.body), `name="email"`),
		"anyone can register in Gitea and take names and addresses that Accord then cannot give: set it to true"), nil
}

// trySearch looks for users as a stranger.
func (d *Directory) trySearch(ctx context.Context) ([]Setting, error) {
	a, err := d.send(ctx, request{
		op: "search users", method: http.MethodGet, path: path("users", "search"), query: url.Values{"limit": {"1"}}, anonymous: true,
	})
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusOK && !a.anonymous():
		return a.unclear(settingSearch), nil
	}
	return setting(settingSearch, a.anonymous(),
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
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusOK && !off:
		return a.unclear(settingPush), nil
	}
	return setting(settingPush, !off,
		"session tokens create personal repositories by pushing alone: set it to true"), nil
}

func (d *Directory) tryOAuth2(ctx context.Context) ([]Setting, error) {
	a, err := d.webPage(ctx, "/.well-known/openid-configuration")
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusOK && a.status != http.StatusNotFound:
		return a.unclear(settingOAuth2), nil
	}
	return door(settingOAuth2, a.status == http.StatusNotFound,
		"users can grant their access to applications, Gitea's own among them, and no eviction ends a grant: set it to false"), nil
}

// strangeOrigin is one that no deployment's pages have.
const strangeOrigin = "https://accord-probe.invalid"

// tryOrigins asks Gitea as a browser does before a page's own request.
func (d *Directory) tryOrigins(ctx context.Context, origins []string) ([]Setting, error) {
	strange, err := d.allowsOrigin(ctx, strangeOrigin)
	if err != nil {
		return nil, err
	}
	if strange && !slices.Contains(origins, "*") {
		return setting(settingCORS, false, "pages of every origin can use a token that they get hold of: list those of the front-ends in ALLOW_DOMAIN"), nil
	}
	if len(origins) == 0 {
		return []Setting{{Name: settingCORS, NotTried: "http.allowedOrigins names no origin of a front-end's pages"}}, nil
	}
	var refused []string
	for _, origin := range origins {
		one := strings.Replace(origin, ":*", ":8080", 1)
		if origin == "*" {
			one = strangeOrigin
		}
		allowed, err := d.allowsOrigin(ctx, one)
		if err != nil {
			return nil, err
		}
		if !allowed {
			refused = append(refused, origin)
		}
	}
	return setting(settingCORS, len(refused) == 0,
		"browsers keep pages of "+strings.Join(refused, ", ")+" from using the giteaToken: set it to true, and list the origins in ALLOW_DOMAIN"), nil
}

func (d *Directory) allowsOrigin(ctx context.Context, origin string) (bool, error) {
	a, err := d.send(ctx, request{op: "try a page's origin", method: http.MethodOptions, path: path("user"), anonymous: true, origin: origin})
	if err != nil {
		return false, err
	}
	by := a.header.Get("Access-Control-Allow-Origin")
	return by == "*" || by == origin, nil
}

// tryNewUser looks at what a new user may do and shows.
func (d *Directory) tryNewUser(ctx context.Context) (found []Setting, err error) {
	name := "accord-probe-" + strings.ToLower(rand.Text())[:12]
	a, err := d.send(ctx, request{
		op: "create a user to try", method: http.MethodPost, path: path("admin", "users"),
		body: newUser{Username: name, Email: name + "@accord.invalid", Password: rand.Text() + "aA1!"},
	})
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusCreated:
		return a.unclear(settingAddress, settingFeatures, settingActions), nil
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
	for _, try := range []func(context.Context, user) ([]Setting, error){d.tryAddress, d.tryKeys, d.tryActions} {
		settings, err := try(ctx, user{Login: name})
		if err != nil {
			return nil, err
		}
		found = append(found, settings...)
	}
	return found, nil
}

func (d *Directory) tryAddress(ctx context.Context, u user) ([]Setting, error) {
	a, err := d.send(ctx, request{
		op: "read settings", method: http.MethodGet, path: path("user", "settings"), query: as(u), basic: true,
	})
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusOK:
		return a.unclear(settingAddress), nil
	}
	var shown struct {
		HideEmail bool `json:"hide_email"`
	}
	if err := a.decode(&shown); err != nil {
		return nil, err
	}
	return door(settingAddress, shown.HideEmail,
		"every token can list the addresses of all users: set it to true; existing users change theirs"), nil
}

// tryKeys adds keys of both kinds; Gitea answers 404 where a feature is disabled.
func (d *Directory) tryKeys(ctx context.Context, u user) ([]Setting, error) {
	var missing []string
	for _, feature := range []struct {
		name, kind string
		enabled    int
		body       map[string]string
	}{
		{"manage_ssh_keys", "keys", http.StatusCreated, map[string]string{"title": "probe", "key": unusableKey()}},
		{"manage_gpg_keys", "gpg_keys", http.StatusUnprocessableEntity, map[string]string{"armored_public_key": "probe"}},
	} {
		a, err := d.send(ctx, request{
			op: "add a key", method: http.MethodPost, path: path("user", feature.kind), query: as(u), basic: true, body: feature.body,
		})
		switch {
		case err != nil:
			return nil, err
		case a.status == feature.enabled:
			missing = append(missing, feature.name)
		case a.status != http.StatusNotFound:
			return a.unclear(settingFeatures), nil
		}
	}
	found := setting(settingFeatures, len(missing) == 0, // people may push by SSH
		"users can add keys, which outlive a session: list "+strings.Join(missing, " and ")+" there; "+pagesOnly)
	if len(missing) == 0 {
		found[0].Rest = pagesOnly
	}
	return found, nil
}

// pagesOnly names the features that no call of the API is subject to.
const pagesOnly = "not tried: deletion, manage_credentials, manage_mfa and change_username, which only Gitea's pages have"

// tryActions looks at a repository of the user, which is removed with it.
func (d *Directory) tryActions(ctx context.Context, u user) ([]Setting, error) {
	a, err := d.send(ctx, request{
		op: "create a repository to try", method: http.MethodPost, path: path("admin", "users", u.Login, "repos"),
		body: newRepository{Name: "probe", Private: true},
	})
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusCreated:
		return a.unclear(settingActions), nil
	}
	var made struct {
		HasActions bool `json:"has_actions"`
	}
	if err := a.decode(&made); err != nil {
		return nil, err
	}
	return setting(settingActions, !made.HasActions,
		"runners that a session registered run what they are given: set it to false unless it is used"), nil
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
