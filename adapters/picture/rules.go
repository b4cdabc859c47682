package picture

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"accord/app"
)

// maxURL bounds an address, in bytes.
const maxURL = 2048

// hostShape is a name of two labels or more, or *. before one.
var hostShape = regexp.MustCompile(`^(?:\*\.)?[0-9a-z](?:[0-9a-z-]*[0-9a-z])?(?:\.[0-9a-z](?:[0-9a-z-]*[0-9a-z])?)+$`)

// rules say which URLs may be asked for. What they allow by name must still pass
// the guard of resolved addresses, but for the stores.
type rules struct {
	stores []place
	hosts  []string
	ports  []uint16
}

// place is an origin: its scheme, and HOST:PORT in lower case.
type place struct{ scheme, address string }

func newRules(o Options) (rules, error) {
	r := rules{ports: o.Ports}
	var faults []error
	for _, text := range o.Stores {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
			faults = append(faults, errors.New("picture: a store must be http://HOST:PORT or https://HOST:PORT, and nothing else"))
			continue
		}
		at, err := placeOf(u)
		if err != nil {
			faults = append(faults, fmt.Errorf("picture: store %q: %w", u.Host, err))
		}
		r.stores = append(r.stores, at)
	}
	for _, host := range o.Hosts {
		host = strings.ToLower(host)
		if _, err := netip.ParseAddr(host); err == nil || !hostShape.MatchString(host) {
			faults = append(faults, fmt.Errorf("picture: host %q must be a name such as img.example.com or *.example.com", host))
		}
		r.hosts = append(r.hosts, host)
	}
	if slices.Contains(o.Ports, 0) {
		faults = append(faults, errors.New("picture: there is no port 0"))
	}
	return r, errors.Join(faults...)
}

// placeOf reads the origin of a URL.
func placeOf(u *url.URL) (place, error) {
	port := u.Port()
	switch u.Scheme {
	case "http":
		port = orDefault(port, "80")
	case "https":
		port = orDefault(port, "443")
	default:
		return place{}, errors.New("the scheme is neither http nor https")
	}
	if u.Hostname() == "" {
		return place{}, errors.New("there is no host")
	}
	return place{u.Scheme, strings.ToLower(net.JoinHostPort(u.Hostname(), port))}, nil
}

func orDefault(port, otherwise string) string {
	if port == "" {
		return otherwise
	}
	return port
}

// check reports as unfit a URL that may not be asked for.
func (r rules) check(u *url.URL) error {
	at, err := placeOf(u)
	if err != nil {
		return unfit{app.Pattern, err.Error()}
	}
	if u.User != nil || u.Opaque != "" {
		return unfit{app.Pattern, "the address holds credentials, or is none of a host"}
	}
	if slices.Contains(r.stores, at) {
		return nil
	}
	host, text, _ := net.SplitHostPort(at.address)
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || !slices.Contains(r.ports, uint16(port)) {
		return unfit{app.Pattern, "the port is not one of a web server"}
	}
	if !slices.ContainsFunc(r.hosts, func(pattern string) bool { return matches(pattern, host) }) {
		return unfit{app.Pattern, "the host is not one that pictures may come from"}
	}
	return nil
}

func matches(pattern, host string) bool {
	if below, wild := strings.CutPrefix(pattern, "*"); wild {
		return len(host) > len(below) && strings.HasSuffix(host, below)
	}
	return pattern == host
}

// isStore reports whether a HOST:PORT is a store's.
func (r rules) isStore(address string) bool {
	return slices.ContainsFunc(r.stores, func(s place) bool { return s.address == strings.ToLower(address) })
}
