package sms

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"

	"accord/adapters/exchange"
)

// maxAnswer bounds what is read of a provider's answer, in bytes.
const maxAnswer = 64 << 10

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

// roundTrip sends a request and reads the answer. Its error is classified: there
// was no answer. An answer of whatever status is not an error.
func roundTrip(client *http.Client, req *http.Request) (answer, error) {
	if err := req.Context().Err(); err != nil {
		return answer{}, failed(true, err)
	}
	var conn exchange.Connecting
	res, err := client.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), conn.Trace()))) //nolint:gosec // the URL is the operator's
	if err != nil {
		return answer{}, failed(conn.NeverMade(), exchange.Cause(err))
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = exchange.ErrTooLong
	}
	a := answer{status: res.StatusCode, body: body}
	if err != nil && !a.refusal() {
		return answer{}, failed(false, exchange.Cause(err))
	}
	return a, nil
}
