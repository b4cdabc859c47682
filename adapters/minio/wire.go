package minio

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"

	"accord/adapters/exchange"
	"accord/app"
)

const (
	adminPath = "/minio/admin/v3/"
	// maxAnswer bounds every answer but a listing of users, in bytes.
	maxAnswer = 1 << 20
	// maxListing bounds a listing of users, at about 100 bytes each.
	maxListing = 1 << 30
)

// identity is whom a request is signed by.
type identity struct {
	key    string
	secret app.Secret
}

// wire sends signed requests to one server, each with its own time limit. It
// never repeats one. Safe for concurrent use.
type wire struct {
	base    *url.URL
	region  string
	timeout time.Duration
	client  *http.Client
}

// request is one call, described without its signature.
type request struct {
	// call names the request in errors.
	call         string
	method, path string
	query        url.Values
	contentType  string
	cacheControl string
	body         []byte
	sign         func(*http.Request) *http.Request
	// readOnly requests change nothing, however they end.
	readOnly bool
	limit    int64
}

// answer is a success.
type answer struct {
	body []byte
	date time.Time // the server's clock; zero where it told none
}

// newTransport pools connections. Idle ones are dropped before the server's own
// limit of 30 s, so that a write does not meet a connection that just closed.
func newTransport(timeout time.Duration) *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: timeout}).DialContext,
		TLSHandshakeTimeout:    timeout,
		ResponseHeaderTimeout:  timeout,
		MaxIdleConnsPerHost:    32,
		MaxConnsPerHost:        128,
		IdleConnTimeout:        20 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}
}

// do sends one request. Its error is always a *failure, its answer that of
// status 2xx.
func (w *wire) do(ctx context.Context, r request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	// A request that asked for a connection and got none was certainly never sent.
	var sent atomic.Bool
	sent.Store(true)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { sent.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
	req, err := w.build(ctx, r)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return answer{}, unanswered(r.call, err, false, r.readOnly)
	}
	resp, err := w.client.Do(r.sign(req))
	if err != nil {
		return answer{}, unanswered(r.call, err, sent.Load(), r.readOnly)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := readAll(resp.Body, r.limit)
	switch {
	case resp.StatusCode >= 300:
		return dated(resp, nil), turnedDown(r.call, resp.StatusCode, body, r.readOnly)
	case err != nil:
		return answer{}, nonsense(r.call, resp.StatusCode, exchange.Cause(err), r.readOnly)
	}
	return dated(resp, body), nil
}

// stream is do for an answer that the caller reads, and closes, piece by piece,
// as long as ctx lets it. Its requests change nothing.
func (w *wire) stream(ctx context.Context, r request) (io.ReadCloser, error) {
	req, err := w.build(ctx, r)
	if err != nil {
		return nil, unanswered(r.call, err, false, true)
	}
	resp, err := w.client.Do(r.sign(req))
	if err != nil {
		return nil, unanswered(r.call, err, true, true)
	}
	if resp.StatusCode >= 300 {
		defer func() { _ = resp.Body.Close() }()
		body, _ := readAll(resp.Body, r.limit) // the status says enough
		return nil, turnedDown(r.call, resp.StatusCode, body, true)
	}
	return resp.Body, nil
}

func (w *wire) build(ctx context.Context, r request) (*http.Request, error) {
	target := *w.base
	target.Path = r.path
	target.RawQuery = r.query.Encode()
	req, err := http.NewRequestWithContext(ctx, r.method, target.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(r.body)
	req.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	if r.cacheControl != "" {
		req.Header.Set("Cache-Control", r.cacheControl)
	}
	return req, nil
}

// signedS3 signs as S3 and the admin interface want it.
func (w *wire) signedS3(by identity) func(*http.Request) *http.Request {
	return func(req *http.Request) *http.Request {
		return signer.SignV4(*req, by.key, by.secret.Reveal(), "", w.region)
	}
}

// signedSTS signs as STS wants it.
func (w *wire) signedSTS(by identity) func(*http.Request) *http.Request {
	return func(req *http.Request) *http.Request {
		return signer.SignV4STS(*req, by.key, by.secret.Reveal(), w.region)
	}
}

func dated(resp *http.Response, body []byte) answer {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		date = time.Time{}
	}
	return answer{body: body, date: date}
}

func readAll(r io.Reader, limit int64) ([]byte, error) {
	if limit == 0 {
		limit = maxAnswer
	}
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return body, err
	}
	if int64(len(body)) > limit {
		return nil, exchange.ErrTooLong
	}
	return body, nil
}

// bounded bounds what is read of each answer, as minio-go does not.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, maxPage)
	}
	return resp, err
}

// decode reads a JSON answer into out; nothing but JSON will do.
func decode(r request, a answer, out any) error {
	if err := json.Unmarshal(a.body, out); err != nil {
		return nonsense(r.call, http.StatusOK, errors.New("not the JSON that was expected"), r.readOnly)
	}
	return nil
}
