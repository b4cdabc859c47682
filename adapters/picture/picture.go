// Package picture fetches avatars without letting their addresses reach an inner
// network, and makes every picture a small square PNG of our own encoding.
package picture

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"time"

	"code.dny.dev/ssrf"

	"accord/app"
	"accord/saga"
)

// Defaults of Options.
const (
	DefaultTimeout  = 5 * time.Second
	DefaultFetchers = 16
	DefaultDecoders = 2
)

// Options say where pictures may come from, and how many are worked on at once.
type Options struct {
	// Stores are the origins of our own file store, e.g. http://127.0.0.1:9000.
	// They alone may be on an inner network.
	Stores []string
	// Hosts are names that pictures may come from: exact, or *.example.com for
	// every name below example.com. They must resolve to public addresses.
	Hosts []string
	// Ports of Hosts; default 80 and 443.
	Ports []uint16
	// Resolver finds addresses; nil means the system's.
	Resolver *net.Resolver
	// RootCAs are who may vouch for stores and hosts; nil means the system's.
	RootCAs *x509.CertPool
	// Timeout bounds a Fetch, redirects and the wait for a turn included;
	// DefaultTimeout by default. It bounds Normalize's wait for a turn too.
	Timeout time.Duration
	// Fetchers bounds the downloads at once, of at most MaxBytes each;
	// DefaultFetchers by default.
	Fetchers int
	// Decoders bounds the pictures that are decoded at once, each of which may
	// need MaxDecoded and 64 MiB to make it smaller; DefaultDecoders by default.
	Decoders int
}

// Pictures is an app.Pictures. Safe for concurrent use.
type Pictures struct {
	rules    rules
	client   *http.Client
	timeout  time.Duration
	fetchers turns
	decoders turns
}

var _ app.Pictures = (*Pictures)(nil)

// New returns a Pictures, or every fault of the options. It does not connect.
func New(o Options) (*Pictures, error) { return newPictures(o) }

// newPictures lets tests call an address of this machine a public one.
func newPictures(o Options, guard ...ssrf.Option) (*Pictures, error) {
	if len(o.Ports) == 0 {
		o.Ports = []uint16{80, 443}
	}
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	o.Fetchers, o.Decoders = cmp.Or(o.Fetchers, DefaultFetchers), cmp.Or(o.Decoders, DefaultDecoders)
	rules, err := newRules(o)
	faults := []error{err}
	if o.Timeout < 0 {
		faults = append(faults, errors.New("picture: the time-out is negative"))
	}
	if o.Fetchers < 0 || o.Decoders < 0 {
		faults = append(faults, errors.New("picture: fetchers and decoders are not negative"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	p := &Pictures{
		rules: rules, timeout: o.Timeout, fetchers: make(turns, o.Fetchers), decoders: make(turns, o.Decoders),
	}
	p.client = &http.Client{
		Transport:     newTransport(o, rules, ssrf.New(append(guard, ssrf.WithPorts(o.Ports...))...)),
		CheckRedirect: p.redirect,
	}
	return p, nil
}

// Fetch reads the picture at a URL and normalizes it. Errors: Invalid, field
// "avatarUrl", for an address that is not allowed, leads to an inner network or
// to no picture within the bounds; PictureFailed where its host did not answer,
// or not in time; Busy where its turn did not come in time. All are
// saga.Refused: nothing was changed anywhere.
func (p *Pictures) Fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	data, err := p.download(ctx, url)
	if err == nil {
		data, err = p.normalize(ctx, data)
	}
	if err != nil {
		return nil, failure("fetch picture", "avatarUrl", err)
	}
	return data, nil
}

// Normalize makes a picture a square PNG without metadata, of at most MaxOutput
// pixels a side. PNG, JPEG, GIF (its first frame) and WebP are known, by their
// content. Errors: Invalid, field "file", for anything else, and for what is
// over MaxBytes or MaxSide; Busy where its turn did not come in time. All are
// saga.Refused.
func (p *Pictures) Normalize(data []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	data, err := p.normalize(ctx, data)
	if err != nil {
		return nil, failure("normalize picture", "file", err)
	}
	return data, nil
}

func (p *Pictures) normalize(ctx context.Context, data []byte) ([]byte, error) {
	if len(data) > MaxBytes {
		return nil, unfit{app.Length, "it has too many bytes"}
	}
	if err := p.decoders.take(ctx); err != nil {
		return nil, err
	}
	defer p.decoders.give()
	return reencode(data)
}

// unfit says that the picture, or its address, is at fault.
type unfit struct {
	rule app.Rule
	why  string
}

func (u unfit) Error() string { return u.why }

var errBusy = errors.New("too many others are being worked on")

func failure(op, field string, err error) error {
	e := &app.Error{Kind: app.PictureFailed, Op: op, Err: err}
	var u unfit
	switch {
	case errors.As(err, &u):
		e.Kind, e.Violations = app.Invalid, []app.Violation{{Field: field, Rule: u.rule}}
	case errors.Is(err, errBusy):
		e.Kind = app.Busy
	}
	return saga.Refused(e)
}

// turns bounds how many do a thing at once.
type turns chan struct{}

// take waits for a turn while ctx lasts. A free turn goes before the end of ctx,
// which what follows will tell of.
func (t turns) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	default:
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errors.Join(errBusy, ctx.Err())
	}
}

func (t turns) give() { <-t }
