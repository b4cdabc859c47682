// Package exchange tells what became of an HTTP exchange that broke off, in
// words that quote nothing of the remote's.
package exchange

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// ErrTooLong is the cause where an answer is longer than the adapter reads.
var ErrTooLong = errors.New("the answer is too long")

// Cause is why an exchange broke off, without what may hold a secret or what a
// server may have echoed: the transport and decoders quote lines they cannot
// read, and url.Error the whole address. Where nothing more can be said it is
// that the exchange broke off.
func Cause(err error) error {
	var (
		dial *net.OpError
		name *net.DNSError
		cert *tls.CertificateVerificationError
		long *http.MaxBytesError
	)
	switch {
	case NotSent(err) != nil:
		return NotSent(err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer in time: %w", context.DeadlineExceeded)
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &dial):
		return dial
	case errors.As(err, &name):
		return name
	case errors.As(err, &cert):
		return cert
	case errors.Is(err, ErrTooLong), errors.As(err, &long):
		return ErrTooLong
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection was cut")
	}
	return errors.New("the exchange broke off, or the answer cannot be read")
}

// NotSent is the word of a breaker that kept the request back, or nil.
func NotSent(err error) error {
	var kept interface {
		error
		NotSent() bool
	}
	if errors.As(err, &kept) && kept.NotSent() {
		return kept
	}
	return nil
}

// Connecting watches whether a request ever had a connection. The transport
// asks again only for a request of which nothing was written, or that has no
// effect, so the last asking counts. For one request at a time.
type Connecting struct{ asked, got atomic.Bool }

// Trace is what watches; it goes into the request's context.
func (c *Connecting) Trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.asked.Store(true); c.got.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { c.got.Store(true) },
	}
}

// NeverMade reports that not a byte of the request can have left.
func (c *Connecting) NeverMade() bool { return c.asked.Load() && !c.got.Load() }
