package verify

import "net/netip"

// Prefix lengths of the networks that clients are counted by.
const (
	siteBits   = 48 // of IPv6: what a provider hands to one customer at most
	subnetBits = 64 // of IPv6: what a client has at least
	blockBits  = 24 // of IPv4
)

// unknown stands for all clients whose address cannot be read.
const unknown = "unknown"

// Network returns the form of a client's address in which limits count it: an
// IPv4 address, or the /64 of an IPv6 address, since a client has all of it.
func Network(address string) string {
	a, ok := parse(address)
	if !ok {
		return unknown
	}
	if a.Is4() {
		return a.String()
	}
	return prefix(a, subnetBits)
}

// WideNetwork returns the network around a client's own: the /24 of an IPv4
// address, the /48 of an IPv6 address.
func WideNetwork(address string) string {
	a, ok := parse(address)
	switch {
	case !ok:
		return unknown
	case a.Is4():
		return prefix(a, blockBits)
	}
	return prefix(a, siteBits)
}

func parse(address string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(address)
	return a.Unmap().WithZone(""), err == nil
}

func prefix(a netip.Addr, bits int) string {
	network, err := a.Prefix(bits)
	if err != nil {
		return unknown
	}
	return network.String()
}
