package sms

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"
)

// maxAnswer bounds what is read of a provider's answer, in bytes.
const maxAnswer = 64 << 10

var errTooLong = errors.New("the answer is too long")

// newClient is for one provider. It follows no redirect: a message goes where
// the operator said, or nowhere.
func newClient(roots *x509.CertPool) *http.Client {
	const conns = 16
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 3 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    3 * time.Second,
			ForceAttemptHTTP2:      true,
			MaxConnsPerHost:        conns,
			MaxIdleConnsPerHost:    conns,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: maxAnswer,
		},
	}
}

// answer is what a provider said, read whole.
type answer struct {
	status int
	body   []byte
}

// refusal reports whether the status alone says that nothing was sent: the
// request was turned down, or sent elsewhere, where it was not followed. Who gave
// up waiting, as a proxy may, says nothing of the kind.
func (a answer) refusal() bool {
	const gaveUp = 499 // nginx's
	return a.status >= 300 && a.status < 500 && a.status != http.StatusRequestTimeout && a.status != gaveUp
}

// exchange sends a request and reads the answer. Its error is classified: there
// was no answer. An answer of whatever status is not an error.
func exchange(client *http.Client, req *http.Request) (answer, error) {
	if err := req.Context().Err(); err != nil {
		return answer{}, failed(true, err)
	}
	var conn connecting
	res, err := client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), conn.trace()))) //nolint:gosec // the URL is the operator's
	if err != nil {
		return answer{}, failed(conn.neverMade(), harmless(err))
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = errTooLong
	}
	a := answer{status: res.StatusCode, body: body}
	if err != nil && !a.refusal() {
		return answer{}, failed(false, harmless(err))
	}
	return a, nil
}

// harmless is the cause of a broken exchange without what may hold a secret: the
// transport quotes lines it cannot read, and url.Error the URL.
func harmless(err error) error {
	var (
		dial *net.OpError
		name *net.DNSError
		cert *tls.CertificateVerificationError
	)
	switch {
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
	case errors.Is(err, errTooLong):
		return errTooLong
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the connection was cut")
	}
	return errors.New("the exchange broke off")
}

// connecting watches whether a request ever had a connection. The transport asks
// again only for a request of which nothing was written, so the last asking
// counts.
type connecting struct{ asked, got atomic.Bool }

func (c *connecting) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { c.asked.Store(true); c.got.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { c.got.Store(true) },
	}
}

// neverMade reports that not a byte of the request can have left.
func (c *connecting) neverMade() bool { return c.asked.Load() && !c.got.Load() }
