package api

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// headerForwarded is the header of RFC 7239.
const headerForwarded = "Forwarded"

// clientAddress finds the address of a request's client. It goes from the connection
// back through the proxies that the header names, as long as they are trusted: the first
// address that is not is the client's. A client can put anything before that. One
// header counts, since a proxy that sets one passes on the other as the client sent it.
func clientAddress(trusted []netip.Prefix, header string) echo.IPExtractor {
	return func(r *http.Request) string {
		client, ok := hop(r.RemoteAddr)
		if !ok {
			return ""
		}
		for _, named := range splitFromEnd(strings.Join(r.Header.Values(header), ","), ',') {
			if !slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Masked().Contains(client) }) {
				break
			}
			if header == headerForwarded {
				named = forwardedFor(named)
			}
			before, ok := hop(named)
			if !ok {
				break
			}
			client = before
		}
		return client.String()
	}
}

// splitFromEnd splits text at each sep outside quotation marks, and returns the last part
// first. It counts the marks from the end, which the nearest proxy wrote: marks that a
// client put before that change nothing.
func splitFromEnd(text string, sep byte) []string {
	var parts []string
	end, quoted := len(text), false
	for at := len(text) - 1; at >= 0; at-- {
		switch {
		case text[at] == '"':
			quoted = !quoted
		case text[at] == sep && !quoted:
			parts, end = append(parts, text[at+1:end]), at
		}
	}
	return append(parts, text[:end])
}

// hop reads an address as proxies write it: alone, or with a port, an IPv6 one with or
// without brackets.
func hop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if at, err := netip.ParseAddrPort(text); err == nil {
		return plainAddress(at.Addr()), true
	}
	address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return plainAddress(address), err == nil
}

func plainAddress(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// forwardedFor is the address in one element of a Forwarded header, such as
// for="[2001:db8::7]:443";proto=https; empty if the element has two, which RFC 7239
// forbids. Another pair may quote a host that a client chose.
func forwardedFor(element string) (address string) {
	for _, pair := range splitFromEnd(element, ';') {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch {
		case !strings.EqualFold(name, "for"):
		case address != "":
			return ""
		default:
			address = strings.Trim(value, `"`)
		}
	}
	return address
}
