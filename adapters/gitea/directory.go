// Package gitea is the directory that flows see of a Gitea server: users that
// bear Accord's ownership mark, and their access tokens.
//
// It speaks to Gitea's API by a small typed client of its own, since every
// error must tell whether Gitea certainly did nothing; docs/decisions has the
// reasons. Facts of Gitea that it relies on are tests against a real one.
package gitea

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"accord/app"
)

// DefaultTimeout bounds one request to Gitea where Options.Timeout is zero.
const DefaultTimeout = 8 * time.Second

// markPrefix and an accountId make the login_name that says a user is ours.
const markPrefix = "accord:"

// adoptedEnding ends the mark of a user that was there before us. An accountId
// is digits.
const adoptedEnding = ":adopted"

// Options is what a Directory needs. The zero value of optional fields means
// the default.
type Options struct {
	// URL is where Gitea is, a sub-path included, e.g. https://git.example.org.
	URL string
	// AdminUser and AdminPassword are a site administrator's, without a second
	// factor: Gitea makes tokens for others by nothing but Basic auth.
	AdminUser     string
	AdminPassword app.Secret
	// AdminToken, optional, is an access token of that administrator with the
	// scopes write:admin and read:user. If Gitea takes no passwords
	// (ENABLE_BASIC_AUTHENTICATION = false) it is needed, with write:user and
	// read:organization, read:package and read:repository too. Where Gitea takes it, it saves the
	// password check (some 15 ms) that Basic auth costs on every request.
	AdminToken app.Secret
	// Timeout bounds one request, the context's deadline permitting.
	Timeout time.Duration
	// Scopes of the tokens that CreateToken makes, from AllowedScopes; none means
	// DefaultScopes.
	Scopes []string
	// SealedPasswords: no password of a user is sent to Gitea, whose password policy
	// may be any then.
	SealedPasswords bool
	// Breaker, optional, makes what requests go through on their way to the
	// pooled transport, all but those of Ping. Where the error of it says
	// NotSent() true, the request had no effect.
	Breaker func(http.RoundTripper) http.RoundTripper
	// Now is the clock that Probe compares Gitea's with, and by which the token is
	// tried again for what Gitea refused it; nil means time.Now.
	Now func() time.Time
}

// Directory implements app.Directory on a Gitea server. Safe for concurrent use.
type Directory struct {
	base     *url.URL
	user     string
	password app.Secret
	token    app.Secret
	timeout  time.Duration
	scopes   []string
	sealed   bool
	now      func() time.Time
	// tokenOnly: Gitea does not take the administrator's password, but the token.
	tokenOnly atomic.Bool
	// passwordOnly has the ops of cheap requests that Gitea takes the password for,
	// but not the token in its place, which may lack a scope, and the time.Time of
	// that refusal.
	passwordOnly sync.Map
	// direct never follows a redirect; renames follows Gitea's own from the old
	// name of a user to the present one.
	direct, renames *http.Client
	// bare goes past the breaker.
	bare *http.Client
}

var _ app.Directory = (*Directory)(nil)

// New checks the options and reports every fault of them at once. It does not
// touch the network; see Directory.Probe.
func New(o Options) (*Directory, error) {
	base, faults := parseBase(o.URL)
	if o.AdminUser == "" || strings.Contains(o.AdminUser, ":") {
		faults = append(faults, errors.New("gitea: the administrator's name is missing or has a colon"))
	}
	if o.AdminPassword == "" {
		faults = append(faults, errors.New("gitea: the administrator's password is missing"))
	}
	if o.Timeout < 0 {
		faults = append(faults, errors.New("gitea: the time-out is negative"))
	}
	if err := checkScopes(o.Scopes); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	d := &Directory{
		base: base, user: o.AdminUser, password: o.AdminPassword, token: o.AdminToken,
		timeout: cmp.Or(o.Timeout, DefaultTimeout), scopes: slices.Clone(o.Scopes), sealed: o.SealedPasswords, now: o.Now,
	}
	if len(d.scopes) == 0 {
		d.scopes = DefaultScopes()
	}
	if d.now == nil {
		d.now = time.Now
	}
	bare := pooled()
	transport := http.RoundTripper(bare)
	if o.Breaker != nil {
		transport = o.Breaker(bare)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	d.bare = &http.Client{Transport: bare, CheckRedirect: stay}
	d.direct = &http.Client{Transport: transport, CheckRedirect: stay}
	d.renames = &http.Client{Transport: transport, CheckRedirect: d.onlyToUsers}
	return d, nil
}

func parseBase(raw string) (*url.URL, []error) {
	base, err := url.Parse(raw)
	switch {
	case err != nil: // url.Error would repeat the text, with what may be a password
		return nil, []error{errors.New("gitea: the URL cannot be read")}
	case base.Scheme != "http" && base.Scheme != "https", base.Host == "":
		return nil, []error{errors.New("gitea: the URL must be http://HOST or https://HOST")}
	case base.User != nil, base.RawQuery != "", base.Fragment != "":
		return nil, []error{errors.New("gitea: the URL must not hold a user, a query or a fragment")}
	}
	base.Path = strings.TrimRight(base.Path, "/")
	return base, nil
}

// pooled is a transport whose every phase is bounded.
func pooled() *http.Transport {
	const conns = 64
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    3 * time.Second,
		ForceAttemptHTTP2:      true,
		MaxConnsPerHost:        conns,
		MaxIdleConnsPerHost:    conns,
		IdleConnTimeout:        90 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// onlyToUsers lets a request follow Gitea from one user's path to another's,
// on the same server.
func (d *Directory) onlyToUsers(req *http.Request, via []*http.Request) error {
	const hops = 3
	home := d.base.Path + apiPath + "/users/"
	if len(via) > hops || req.URL.Scheme != d.base.Scheme || req.URL.Host != d.base.Host ||
		!strings.HasPrefix(req.URL.Path, home) || !plain(req.URL.Path[len(home):]) {
		return http.ErrUseLastResponse
	}
	return nil
}

// plain reports whether no segment of a path stands for another place.
func plain(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if !addressable(segment) {
			return false
		}
	}
	return true
}

// Close lets go of idle connections. The Directory stays usable.
func (d *Directory) Close() { d.bare.CloseIdleConnections() }

// String names the server, never a credential.
func (d *Directory) String() string { return fmt.Sprintf("gitea %s", d.base) }
