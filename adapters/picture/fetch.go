package picture

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"code.dny.dev/ssrf"

	"accord/adapters/exchange"
	"accord/app"
)

// MaxBytes bounds a picture as it comes, in bytes.
const MaxBytes = 5 << 20

// maxRedirects bounds how often one Fetch is sent elsewhere.
const maxRedirects = 3

// newTransport connects to stores as they are, and to any other host only where
// the guard allows the address that its name has led to. The guard sees it when
// the socket is about to connect, so that what a name said before or says
// afterwards does not matter. No proxy connects in its stead, and no connection
// is kept for a later request.
func newTransport(o Options, r rules, guard *ssrf.Guardian) *http.Transport {
	open := &net.Dialer{Resolver: o.Resolver}
	guarded := &net.Dialer{Resolver: o.Resolver, Control: guard.Safe}
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if r.isStore(address) {
				return open.DialContext(ctx, network, address)
			}
			return guarded.DialContext(ctx, network, address)
		},
		TLSClientConfig:        &tls.Config{RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12},
		DisableKeepAlives:      true,
		DisableCompression:     true, // pictures are compressed; what still comes packed is none
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// redirect lets a request be sent elsewhere by the rules for where it went first.
func (p *Pictures) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return unfit{app.Pattern, "the address leads to another too often"}
	}
	req.Header.Del("Referer") // a store's URL may hold a signature
	return p.rules.check(req.URL)
}

// download reads what is at an address, up to MaxBytes.
func (p *Pictures) download(ctx context.Context, address string) ([]byte, error) {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxURL {
		return nil, unfit{app.Pattern, "the address cannot be read"}
	}
	if err := p.rules.check(u); err != nil {
		return nil, err
	}
	if err := p.fetchers.take(ctx); err != nil {
		return nil, err
	}
	defer p.fetchers.give()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, unfit{app.Pattern, "the address cannot be asked for"}
	}
	req.Header.Set("Accept", "image/png,image/jpeg,image/webp,image/gif")
	req.Header.Set("User-Agent", "accord")
	res, err := p.client.Do(req)
	if err != nil {
		return nil, because(err)
	}
	defer func() { _ = res.Body.Close() }()
	return read(res)
}

func read(res *http.Response) ([]byte, error) {
	switch status := res.StatusCode; {
	case status == http.StatusOK:
	case status >= 500, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
		return nil, fmt.Errorf("the host answered %d", status)
	default:
		return nil, unfit{app.Pattern, fmt.Sprintf("the host answered %d", status)}
	}
	if res.ContentLength > MaxBytes {
		return nil, unfit{app.Length, "it has too many bytes"}
	}
	// One byte more tells too many from just enough.
	data, err := io.ReadAll(io.LimitReader(res.Body, MaxBytes+1))
	if err != nil {
		return nil, because(err)
	}
	return data, nil
}

// because is the cause of a failed request without the address, which may hold
// a signature, and without what the host may have echoed.
func because(err error) error {
	var u unfit
	switch {
	case errors.As(err, &u):
		return u
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedPort), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return unfit{app.Pattern, "the address leads to an inner network"}
	}
	return exchange.Cause(err)
}
