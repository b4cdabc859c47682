package servers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// address is where a server listens, and where a client on this machine reaches it.
type address struct {
	host string // as asked for
	port string
}

// pick makes sure that the address can be listened on, and settles port 0 to a free port.
func pick(ctx context.Context, listen string) (address, error) {
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return address{}, fmt.Errorf("listen address %q: %w", listen, err)
	}
	listener, err := open(ctx, listen)
	if err != nil {
		return address{}, err
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err := errors.Join(err, listener.Close()); err != nil {
		return address{}, fmt.Errorf("release %s: %w", listen, err)
	}
	return address{host: host, port: port}, nil
}

// open listens on the address; a port in use is told plainly.
func open(ctx context.Context, listen string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, portInUse(listen)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", listen, err)
	}
	return listener, nil
}

// portInUse is the address that cannot be listened on. It is syscall.EADDRINUSE to errors.Is.
type portInUse string

func (p portInUse) Error() string {
	return fmt.Sprintf("the port of %s is already in use: stop what listens there, or choose another address", string(p))
}

func (portInUse) Unwrap() error { return syscall.EADDRINUSE }

// listen is the address in the form that servers take.
func (a address) listen() string { return net.JoinHostPort(a.host, a.port) }

// dial is the address in the form that clients take: an unspecified host is reached over the loopback interface.
func (a address) dial() string {
	host := a.host
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, a.port)
}
