package app

import "net/netip"

// ClientKey is the form of a client address in which limits are counted: an
// IPv4 address, or the /64 network of an IPv6 one, since a client has all of it.
func ClientKey(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	network, err := a.Prefix(64)
	if err != nil {
		return "unknown"
	}
	return network.String()
}
