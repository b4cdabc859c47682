package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// listen opens the server's address, which is a setting. A port in use is told
// plainly.
func listen(ctx context.Context, address string) (net.Listener, error) {
	return listenBy(ctx, address, "the setting listen (ACCORD_LISTEN)")
}

// listenBy is listen where the address is chosen in another way.
func listenBy(ctx context.Context, address, way string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the port of %s is already in use: stop what listens there, or choose another address by %s", address, way)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return listener, nil
}

// listensOn is the address as it was asked for, with the port that was given.
func listensOn(listener net.Listener, asked string) string {
	host, _, hostErr := net.SplitHostPort(asked)
	_, port, portErr := net.SplitHostPort(listener.Addr().String())
	if hostErr != nil || portErr != nil {
		return asked
	}
	return net.JoinHostPort(host, port)
}
