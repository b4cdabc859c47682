package gitea

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Report is what Probe found out.
type Report struct {
	// Version is Gitea's own, e.g. 1.26.4; empty where it does not tell.
	Version string
	// Admin says that the administrator's credentials are those of one.
	Admin bool
	// ClockSkew is Gitea's clock less ours, to a second.
	ClockSkew time.Duration
	// Faults are what this configuration needs and does not find, each one
	// sentence that says what to do; empty where all is well.
	Faults []string
}

const (
	// oldestVersion is the first with the token scopes that are asked for.
	oldestMajor, oldestMinor = 1, 20
	// maxSkew is how far the clocks may be apart.
	maxSkew = 30 * time.Second
)

// Ping asks Gitea whether it and its database are well, without credentials
// and past the breaker.
// DirectoryFailed where they are not.
func (d *Directory) Ping(ctx context.Context) error {
	a, err := d.send(ctx, request{op: "ping", method: http.MethodGet, path: "/api/healthz", anonymous: true, bare: true})
	if err == nil && a.status != http.StatusOK {
		err = a.fault()
	}
	return err
}

// Probe asks Gitea for everything that a Directory needs of it, and changes
// nothing. The error, DirectoryFailed, means that there is no Gitea to ask.
// It tries passwords against Gitea's policy by creating the administrator, who
// exists.
func (d *Directory) Probe(ctx context.Context) (Report, error) {
	var r Report
	if err := d.probeVersion(ctx, &r); err != nil {
		return r, err
	}
	admin, err := d.probeAdmin(ctx, &r)
	if err != nil || !r.Admin {
		return r, err
	}
	if good, err := d.probeToken(ctx, &r, admin); err != nil || !good {
		return r, err
	}
	return r, d.probePasswords(ctx, &r, admin)
}

func (r *Report) fault(format string, args ...any) {
	r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
}

func (d *Directory) probeVersion(ctx context.Context, r *Report) error {
	before := d.now()
	a, err := d.send(ctx, request{op: "ask for the version", method: http.MethodGet, path: path("version"), basic: true})
	if err != nil {
		return err
	}
	d.probeClock(r, a, before)
	if a.status == http.StatusUnauthorized || a.status == http.StatusForbidden {
		return nil // probeAdmin finds out why
	}
	if a.status != http.StatusOK {
		return a.fault()
	}
	var said struct {
		Version string `json:"version"`
	}
	if err := a.decode(&said); err != nil {
		return err
	}
	if isVersion(said.Version) {
		r.Version = said.Version
	}
	var major, minor int
	if n, _ := fmt.Sscanf(r.Version, "%d.%d", &major, &minor); n == 2 &&
		(major < oldestMajor || major == oldestMajor && minor < oldestMinor) {
		r.fault("Gitea %s is too old: install %d.%d or later.", r.Version, oldestMajor, oldestMinor)
	}
	return nil
}

// isVersion reports whether a text looks like the version of a program.
func isVersion(text string) bool {
	return len(text) <= 64 && !strings.ContainsFunc(text, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune(".+-_~", c)
	})
}

func (d *Directory) probeClock(r *Report, a answer, before time.Time) {
	at, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return
	}
	after := d.now()
	r.ClockSkew = at.Sub(before.Add(after.Sub(before) / 2)).Round(time.Second)
	if r.ClockSkew.Abs() > maxSkew {
		r.fault("Gitea's clock is %s off ours: let both machines set theirs by NTP.", r.ClockSkew)
	}
}

// probeAdmin signs in as the administrator.
func (d *Directory) probeAdmin(ctx context.Context, r *Report) (user, error) {
	a, err := d.send(ctx, request{op: "look at the administrator", method: http.MethodGet, path: path("user"), basic: true})
	if err != nil {
		return user{}, err
	}
	var admin user
	switch {
	case a.status == http.StatusOK:
		if err := a.decode(&admin); err != nil {
			return user{}, err
		}
	case a.anonymous():
		r.fault("Gitea does not let user %q in: check the administrator's name and password, that it has no second"+
			" factor, and that ENABLE_BASIC_AUTHENTICATION under [service] of Gitea's app.ini is not off unless"+
			" gitea.adminToken is set.", d.user)
		return user{}, nil
	case a.status == http.StatusForbidden:
		r.fault("Gitea keeps user %q from its API: sign in as it on Gitea's pages and do what they ask, such as setting"+
			" another password.", d.user)
		return user{}, nil
	default:
		return user{}, a.fault()
	}
	if r.Admin = admin.IsAdmin; !r.Admin {
		r.fault("User %q is no administrator of Gitea: make it one under Site Administration, User Accounts.", d.user)
	}
	return admin, nil
}

// probeToken reports whether the optional token is the administrator's.
func (d *Directory) probeToken(ctx context.Context, r *Report, admin user) (bool, error) {
	if d.token == "" {
		return true, nil
	}
	a, err := d.send(ctx, request{op: "look at the token", method: http.MethodGet, path: path("user")})
	if err != nil {
		return false, err
	}
	var owner user
	if a.status == http.StatusOK && a.decode(&owner) == nil && owner.ID == admin.ID {
		return true, nil
	}
	r.fault("The administrator's token is not good for Gitea user %q: make one with the scopes write:admin and"+
		" read:user, or configure none; "+tokenAdvice, d.user)
	return false, nil
}

// tokenAdvice points to the scopes that a token needs if Gitea takes no
// passwords.
const tokenAdvice = "where Gitea takes no passwords, it needs write:admin, write:user, read:organization, read:package and" +
	" read:repository (docs/gitea.md)."

// trials are the weakest passwords that a person may choose here: without
// capitals, without small letters, and one that is known from breaches.
var trials = []string{"qzkfwvx7", "QZKFWVX7", "password1"}

// probePasswords tries whether Gitea takes every password that Accord does.
func (d *Directory) probePasswords(ctx context.Context, r *Report, admin user) error {
	trials := trials
	if d.sealed {
		trials = []string{sealedTrial.Reveal()}
	}
	for _, trial := range trials {
		a, err := d.send(ctx, request{
			op: "try a password", method: http.MethodPost, path: path("admin", "users"),
			body: newUser{Username: admin.Login, Email: admin.Email, Password: trial},
		})
		if err != nil {
			return err
		}
		switch {
		case a.status == http.StatusUnprocessableEntity: // the name is taken, the password was fine
			continue
		case a.status == http.StatusForbidden:
			r.fault("The administrator's token lacks the scope write:admin: make another one; " + tokenAdvice)
			return nil
		case a.status != http.StatusBadRequest:
			return a.fault()
		}
		r.fault("%s", policyFault(a.reason()))
		return nil
	}
	return nil
}

// policyFault says what to do about a password that was refused.
func policyFault(reason string) string {
	setting := map[string]string{
		"PasswordIsRequired": "MIN_PASSWORD_LENGTH = 8",
		"PasswordComplexity": "PASSWORD_COMPLEXITY = off",
		"PasswordPwned":      "PASSWORD_CHECK_PWN = false",
	}[reason]
	if setting == "" {
		setting = "password rules that are no stricter than ours"
	}
	return "Gitea refuses passwords that people may choose here: set " + setting + " under [security] of its app.ini."
}
