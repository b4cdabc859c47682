package app

import (
	"context"
	"net/netip"
	"time"
)

// Place is where a request came from, in words that the client does not choose:
// they may be mailed and logged.
type Place struct {
	// Address is the client's; empty if it is not known.
	Address string
	// Program and System are names of the closed lists of browsers and operating
	// systems; empty for any other.
	Program string
	System  string
}

// Network is the network of the address: /24 of IPv4, /48 of IPv6; "unknown"
// if there is no address.
func (p Place) Network() string {
	a, err := netip.ParseAddr(p.Address)
	if err != nil {
		return "unknown"
	}
	a = a.Unmap().WithZone("")
	bits := 48
	if a.Is4() {
		bits = 24
	}
	network, err := a.Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return network.String()
}

// Device names program and system together; empty if neither is known.
func (p Place) Device() string {
	if p.Program == "" || p.System == "" {
		return p.Program + p.System
	}
	return p.Program + "/" + p.System
}

// PlaceLifetime is how long a place is remembered after the last sign-in from
// there.
const PlaceLifetime = 180 * 24 * time.Hour

// Places remembers the networks and devices that accounts signed in from. Safe
// for concurrent use. Errors are Internal.
type Places interface {
	// Visit notes a sign-in, and reports whether it is strange: the account
	// signed in before, and not from this network and device. Of sign-ins that
	// meet, each may be strange. A known place costs one read, and a write at
	// most once a day.
	Visit(ctx context.Context, accountID string, at Place, now time.Time) (strange bool, err error)
	// Visited reports whether the account, or any account if accountID is empty,
	// signed in from the place's network within PlaceLifetime, with whatever device.
	Visited(ctx context.Context, accountID string, at Place, now time.Time) (bool, error)
}
