package sms

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"golang.org/x/net/http/httpguts"

	"accord/app"
)

// Encoding is the form of what HTTP posts.
type Encoding string

const (
	// JSON is application/json.
	JSON Encoding = "json"
	// Form is application/x-www-form-urlencoded.
	Form Encoding = "form"
)

// HTTPOptions tell of a gateway that takes short messages by POST.
type HTTPOptions struct {
	// URL is where to post, https unless Cleartext. It is never repeated.
	URL string
	// Cleartext allows an http URL: codes and headers travel unencrypted.
	Cleartext bool
	// Encoding is of the body; default JSON.
	Encoding Encoding
	// Body is a text/template of the body, in the Encoding. It has .Country and
	// .Mobile (digits), .Number (E.164: "+", country code, number), .Code, and
	// .Language (zh or en). No value needs escaping.
	Body string
	// Headers go with every request; they hold the gateway's credentials.
	Headers map[string]app.Secret
	// SuccessField, optional, is a dotted path in a JSON answer, e.g.
	// `result.code` or `list.0.status`, that must be SuccessValue. Without it
	// every 2xx status is success.
	SuccessField string
	SuccessValue string
	// RootCAs are who may vouch for the gateway; nil means the system's.
	RootCAs *x509.CertPool
	// Timeout bounds one Send; DefaultTimeout by default.
	Timeout time.Duration
}

// HTTP is an app.SMS by POST to a gateway. Safe for concurrent use.
type HTTP struct {
	options HTTPOptions
	body    template
	client  *http.Client
}

var _ app.SMS = (*HTTP)(nil)

// NewHTTP returns an HTTP, or every fault of the options. It does not connect.
func NewHTTP(o HTTPOptions) (*HTTP, error) {
	o.Encoding, o.Timeout = cmp.Or(o.Encoding, JSON), cmp.Or(o.Timeout, DefaultTimeout)
	body, err := parseTemplate(o.Encoding, o.Body)
	faults := []error{checkURL(o.URL, o.Cleartext), err}
	if o.SuccessField == "" && o.SuccessValue != "" {
		faults = append(faults, errors.New("sms: a success value needs a success field"))
	}
	if o.Timeout < 0 {
		faults = append(faults, errors.New("sms: the time-out is negative"))
	}
	for name, value := range o.Headers {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value.Reveal()) {
			faults = append(faults, fmt.Errorf("sms: header %q cannot be sent", name))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return &HTTP{options: o, body: body, client: newClient(o.RootCAs)}, nil
}

// checkURL does not repeat the URL, which may hold a key.
func checkURL(text string, cleartext bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return errors.New("sms: the URL cannot be read")
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return errors.New("sms: the URL must be https://HOST/…")
	case u.Scheme == "http" && !cleartext:
		return errors.New("sms: the URL must be https, or cleartext be allowed")
	case u.User != nil:
		return errors.New("sms: credentials belong into a header, not into the URL")
	}
	return nil
}

// Send posts the message. Errors are SMSFailed; they are saga.Refused where
// certainly nothing was sent: the message is not a proper one, the gateway was
// not reached, or it said no. It ends with ctx, and after Options.Timeout at the
// latest.
func (h *HTTP) Send(ctx context.Context, m app.ShortMessage) error {
	if err := check(m); err != nil {
		return failed(true, err)
	}
	body, err := h.body.render(m)
	if err != nil { // whose text may quote a value
		return failed(true, errors.New("the template fails on this message"))
	}
	ctx, cancel := context.WithTimeout(ctx, h.options.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.options.URL, bytes.NewReader(body))
	if err != nil {
		return failed(true, errors.New("the request cannot be made"))
	}
	h.setHeaders(req)
	a, err := roundTrip(h.client, req)
	if err != nil {
		return err
	}
	return h.judge(a, m)
}

func (h *HTTP) setHeaders(req *http.Request) {
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "accord")
	req.Header.Set("Content-Type", h.options.Encoding.contentType())
	for name, value := range h.options.Headers {
		req.Header.Set(name, value.Reveal())
	}
}

// judge reads the gateway's answer.
func (h *HTTP) judge(a answer, m app.ShortMessage) error {
	if a.status < 200 || a.status > 299 {
		return failed(a.refusal(), fmt.Errorf("the gateway answered %d", a.status))
	}
	if h.options.SuccessField == "" {
		return nil
	}
	said, found := field(a.body, h.options.SuccessField)
	switch {
	case !found:
		return failed(false, fmt.Errorf("the gateway's answer has no %s", h.options.SuccessField))
	case said != h.options.SuccessValue:
		return failed(true, fmt.Errorf("the gateway said no: %s is %s", h.options.SuccessField, quotable(said, m, h.secrets()...)))
	}
	return nil
}

func (h *HTTP) secrets() []app.Secret {
	return append(slices.Collect(maps.Values(h.options.Headers)), app.Secret(h.options.URL))
}
