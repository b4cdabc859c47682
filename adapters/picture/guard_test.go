package picture

import (
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"code.dny.dev/ssrf"
	"github.com/stretchr/testify/require"

	"accord/app"
)

// inner are addresses that nobody may make us connect to.
var inner = map[string]string{
	"loopback": "127.0.0.1", "loopback elsewhere": "127.255.255.254", "this network": "0.0.0.0",
	"private 10": "10.0.0.1", "private 172": "172.16.0.1", "private 172, the end": "172.31.255.255", "private 192": "192.168.1.1",
	"link-local": "169.254.1.1", "cloud metadata": "169.254.169.254", "shared": "100.64.0.1", "Alibaba metadata": "100.100.100.200",
	"protocol assignments": "192.0.0.1", "benchmarks": "198.18.0.1", "documentation": "203.0.113.1",
	"multicast": "224.0.0.1", "reserved": "240.0.0.1", "broadcast": "255.255.255.255", "6to4 relay": "192.88.99.1",
	"loopback 6": "::1", "unspecified 6": "::", "link-local 6": "fe80::1", "site-local 6": "fec0::1",
	"unique-local": "fd00::1", "unique-local, central": "fc00::1", "AWS metadata 6": "fd00:ec2::254", "multicast 6": "ff02::1",
	"mapped loopback": "::ffff:127.0.0.1", "mapped private": "::ffff:10.0.0.1", "mapped metadata": "::ffff:169.254.169.254",
	"compatible": "::127.0.0.1", "translated": "::ffff:0:127.0.0.1",
	"NAT64 loopback": "64:ff9b::7f00:1", "NAT64 private": "64:ff9b::a00:1", "NAT64 public": "64:ff9b::808:808", "NAT64 local": "64:ff9b:1::a00:1",
	"6to4 loopback": "2002:7f00:1::1", "6to4 private": "2002:a00:1::1", "Teredo": "2001:0:a00:1::1",
	"documentation 6": "2001:db8::1", "discard": "100::1",
}

func TestNamesOfInnerAddressesAreRefused(t *testing.T) {
	for what, address := range inner {
		t.Run(what, func(t *testing.T) {
			n := newNames(t)
			n.set("a.accord.test", []string{address})
			n.set("mixed.accord.test", []string{address, address})
			p := newTest(t, Options{Hosts: []string{"*.accord.test"}, Resolver: n.resolver(), Timeout: patient})
			for _, host := range []string{"a.accord.test", "mixed.accord.test"} {
				for _, scheme := range []string{"http", "https"} {
					_, err := p.Fetch(t.Context(), scheme+"://"+host+"/x.png")
					requireUnfit(t, err, "avatarUrl", app.Pattern)
					require.ErrorContains(t, err, "inner network")
				}
			}
			require.NotZero(t, n.times("a.accord.test"))
		})
	}
}

// The dialler does not rely on the rules for names.
func TestTheDiallerRefusesInnerAddresses(t *testing.T) {
	dial := newTest(t, Options{Stores: []string{"http://127.0.0.1:9000"}}).client.Transport.(*http.Transport).DialContext
	for what, address := range inner {
		_, err := dial(t.Context(), "tcp", net.JoinHostPort(address, "80"))
		require.ErrorIs(t, err, ssrf.ErrProhibitedIP, what)
	}
	_, err := dial(t.Context(), "tcp", "8.8.8.8:22")
	require.ErrorIs(t, err, ssrf.ErrProhibitedPort)
	_, err = dial(t.Context(), "udp", "8.8.8.8:80")
	require.ErrorIs(t, err, ssrf.ErrProhibitedNetwork)
}

// forbidden are addresses that are refused as they are written. PORT is that of
// a server that must not be asked.
var forbidden = []string{
	"", "x", "//img.accord.test:PORT/", "/etc/passwd", "http://", "http:///x", "http:img.accord.test", "https://:443/",
	"file:///etc/passwd", "ftp://img.accord.test/x", "gopher://img.accord.test:PORT/", "data:image/png;base64,AAAA",
	"javascript:alert(1)", "unix:///run/x", "http+unix://img.accord.test:PORT",
	"http://user@img.accord.test:PORT/", "http://user:pass@img.accord.test:PORT/", "http://img.accord.test@127.0.0.1:PORT/",
	"http://img.accord.test:PORT@127.0.0.1/", "http://img.accord.test\\@127.0.0.1:PORT/", "http://127.0.0.1:PORT\\@img.accord.test/",
	"http://127.0.0.1:PORT#@img.accord.test/", "http://127.0.0.1:PORT?@img.accord.test/",
	"http://127.0.0.1:PORT/", "http://127.1:PORT/", "http://2130706433:PORT/", "http://0x7f000001:PORT/", "http://0177.0.0.1:PORT/",
	"http://127.0.0.1.:PORT/", "http://１２７.0.0.1:PORT/", "http://0:PORT/", "http://localhost:PORT/", "http://localhost.:PORT/",
	"http://[::1]:PORT/", "http://[::]:PORT/", "http://[::ffff:127.0.0.1]:PORT/", "http://[::ffff:7f00:1]:PORT/", "http://[fe80::1%25eth0]:PORT/",
	"http://[64:ff9b::7f00:1]:PORT/", "http://10.0.0.1:PORT/", "http://169.254.169.254/latest/meta-data/", "http://192.168.0.1/",
	"http://img.accord.test:22/", "http://img.accord.test:0/", "http://img.accord.test:65616/", "http://img.accord.test:-1/",
	"http://accord.test:PORT/", "http://evil-accord.test:PORT/", "http://img.accord.test.evil.example:PORT/", "http://img.accord.test.:PORT/",
	"http://.accord.test:PORT/", "http://img.accord.test%00.evil.example:PORT/", "http://img.accord.test%2eevil.example:PORT/",
	"http://img.accord.test\r\nHost: x:PORT/", "http://example.com:PORT/",
}

func TestForbiddenAddresses(t *testing.T) {
	trap := serve(t, picture(asPNG(t, quarters(32, 32))))
	n := newNames(t)
	p := public(t, n, trap)
	got, err := p.Fetch(t.Context(), trap.at(publicName, "/"))
	requireQuarters(t, got, err) // the trap is in reach
	for _, pattern := range forbidden {
		address := strings.ReplaceAll(pattern, "PORT", strconv.Itoa(int(trap.port)))
		t.Run(address, func(t *testing.T) {
			_, err := p.Fetch(t.Context(), address)
			requireUnfit(t, err, "avatarUrl", app.Pattern)
		})
	}
	_, err = p.Fetch(t.Context(), trap.at(publicName, "/"+strings.Repeat("x", maxURL)))
	requireUnfit(t, err, "avatarUrl", app.Pattern)
	require.EqualValues(t, 1, trap.requests.Load(), "the trap was asked")
	require.Equal(t, 1, n.times(publicName), "a name was looked up that need not be")
}

func TestRedirectsToForbiddenAddresses(t *testing.T) {
	trap := serve(t, picture(asPNG(t, quarters(32, 32))))
	var target string
	open := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusFound)
	})
	n := newNames(t)
	n.set("a.accord.test", []string{"10.0.0.1"})
	p := public(t, n, open, trap)
	for _, pattern := range append([]string{"http://a.accord.test:PORT/"}, forbidden[4:]...) {
		target = strings.ReplaceAll(pattern, "PORT", strconv.Itoa(int(trap.port)))
		t.Run(target, func(t *testing.T) {
			_, err := p.Fetch(t.Context(), open.at(publicName, "/x.png"))
			require.Error(t, err)
			if _, bad := url.Parse(target); bad == nil { // a Location that is no URL breaks the exchange off
				requireUnfit(t, err, "avatarUrl", app.Pattern)
			}
		})
	}
	require.Zero(t, trap.requests.Load(), "the trap was asked")
	target = trap.at(publicName, "/")
	got, err := p.Fetch(t.Context(), open.at(publicName, "/x.png"))
	requireQuarters(t, got, err)
}

// A store may be on an inner network, and leads nowhere else there.
func TestAStoreIsNoWayIn(t *testing.T) {
	trap := serve(t, picture(asPNG(t, quarters(32, 32))))
	var target string
	store := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/own" {
			picture(asPNG(t, quarters(32, 32)))(w, r)
			return
		}
		http.Redirect(w, r, target, http.StatusTemporaryRedirect)
	})
	p := newTest(t, Options{Stores: []string{store.URL}, Hosts: []string{"img.example.com"}, Ports: []uint16{80, 443, trap.port}})
	for _, target = range []string{
		trap.URL, trap.at("localhost", "/"), trap.at("[::1]", "/"), store.at("localhost", "/own"), "https" + strings.TrimPrefix(store.URL, "http"),
	} {
		_, err := p.Fetch(t.Context(), store.URL)
		requireUnfit(t, err, "avatarUrl", app.Pattern)
		_, err = p.Fetch(t.Context(), target)
		requireUnfit(t, err, "avatarUrl", app.Pattern)
	}
	require.Zero(t, trap.requests.Load(), "the trap was asked")
	target = "/own"
	got, err := p.Fetch(t.Context(), store.URL)
	requireQuarters(t, got, err)
}

func TestRedirectsAreCounted(t *testing.T) {
	left := 0
	var referers []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		referers = append(referers, r.Referer())
		if left == 0 {
			picture(asPNG(t, quarters(32, 32)))(w, r)
			return
		}
		left--
		http.Redirect(w, r, "/next?sig=secret", http.StatusFound)
	})
	p := newTest(t, Options{Stores: []string{s.URL}})
	left = maxRedirects
	got, err := p.Fetch(t.Context(), s.URL+"/first?sig=secret")
	requireQuarters(t, got, err)
	require.Equal(t, make([]string, maxRedirects+1), referers, "an address was told to the next host")

	s.requests.Store(0)
	left = maxRedirects + 1
	_, err = p.Fetch(t.Context(), s.URL)
	requireUnfit(t, err, "avatarUrl", app.Pattern)
	require.EqualValues(t, maxRedirects+1, s.requests.Load())
}

// A name that is public when it is first asked for and inner when it is asked
// again gets nowhere: what it says is checked each time, as it connects.
func TestRebinding(t *testing.T) {
	file := asPNG(t, quarters(32, 32))
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/again" {
			http.Redirect(w, r, "/x.png", http.StatusFound)
			return
		}
		picture(file)(w, r)
	})
	n := newNames(t)
	p := public(t, n, s)
	for what, second := range map[string]string{"loopback": "127.0.0.2", "private": "10.0.0.1", "metadata": "169.254.169.254"} {
		t.Run(what, func(t *testing.T) {
			name := what + ".accord.test"
			n.set(name, []string{"127.0.0.1"}, []string{second})
			got, err := p.Fetch(t.Context(), s.at(name, "/x.png"))
			requireQuarters(t, got, err)
			require.Equal(t, 1, n.times(name), "it was looked up twice: to check and to connect")
			_, err = p.Fetch(t.Context(), s.at(name, "/x.png"))
			requireUnfit(t, err, "avatarUrl", app.Pattern)
			require.ErrorContains(t, err, "inner network")

			name = "on-redirect-" + name
			n.set(name, []string{"127.0.0.1"}, []string{second})
			_, err = p.Fetch(t.Context(), s.at(name, "/again"))
			requireUnfit(t, err, "avatarUrl", app.Pattern)
			require.ErrorContains(t, err, "inner network")
			require.Equal(t, 2, n.times(name))
		})
	}
}

// Of a public and an inner address of one name only the public one is used.
func TestMixedAnswers(t *testing.T) {
	s := serve(t, picture(asPNG(t, quarters(32, 32))))
	n := newNames(t)
	p := public(t, n, s)
	n.set("mixed.accord.test", []string{"10.0.0.1", "::1", "127.0.0.1", "127.0.0.2"})
	got, err := p.Fetch(t.Context(), s.at("mixed.accord.test", "/"))
	requireQuarters(t, got, err)
}

func TestHostPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, host string
		want          bool
	}{
		{"img.example.com", "img.example.com", true},
		{"img.example.com", "a.img.example.com", false},
		{"img.example.com", "imgxexample.com", false},
		{"*.example.com", "img.example.com", true},
		{"*.example.com", "a.b.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", ".example.com", false},
		{"*.example.com", "evilexample.com", false},
		{"*.example.com", "img.example.com.evil.test", false},
	} {
		require.Equal(t, c.want, matches(c.pattern, c.host), c)
	}
}
