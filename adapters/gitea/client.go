package gitea

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"

	"accord/adapters/exchange"
	"accord/app"
)

const (
	apiPath = "/api/v1"
	// maxBody bounds what is read of one answer.
	maxBody = 1 << 20
)

// request is one call of Gitea's API.
type request struct {
	// op says in an error what was being done.
	op, method string
	// path is below the server's URL; those of the API are made by path().
	path  string
	query url.Values
	body  any
	// basic asks for the administrator's password even where a token is at hand.
	basic bool
	// tokenAsPassword sends the token in its place.
	tokenAsPassword bool
	// anonymous sends no credentials.
	anonymous bool
	// as sends this access token and no credentials of ours.
	as app.Secret
	// person, where there is one, signs in by personsPassword in our place.
	person          string
	personsPassword app.Secret
	// rename follows Gitea from a user's old name to the present one.
	rename bool
	// bare goes past the breaker.
	bare bool
}

// answer is what came back, read whole.
type answer struct {
	request request
	status  int
	header  http.Header
	body    []byte
	// message is the server's word on a failure. It must not get into an error:
	// who knows what a server repeats.
	message string
	// native failures have the form of Gitea's own.
	native bool
}

// path joins segments, escaped, below the API.
func path(segments ...string) string {
	b := bytes.NewBufferString(apiPath)
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// send carries out one request. Its error is classified: there was no answer.
// Any answer, of whatever status, is not an error.
func (d *Directory) send(ctx context.Context, r request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	var conn exchange.Connecting
	req, err := d.compose(httptrace.WithClientTrace(ctx, conn.Trace()), r)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return answer{}, r.failed(true, err)
	}
	res, err := d.clientFor(r).Do(req)
	if err != nil {
		return answer{}, r.failed(conn.NeverMade() || exchange.NotSent(err) != nil, exchange.Cause(err))
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = exchange.ErrTooLong
	}
	// The status of a refusal says enough; what it means is lost, not its effect.
	if err != nil && !certain(res.StatusCode) {
		return answer{}, r.failed(false, exchange.Cause(err))
	}
	a := answer{request: r, status: res.StatusCode, header: res.Header, body: body}
	a.readMessage()
	return a, nil
}

func (d *Directory) clientFor(r request) *http.Client {
	switch {
	case r.bare:
		return d.bare
	case r.rename:
		return d.renames
	}
	return d.direct
}

func (d *Directory) compose(ctx context.Context, r request) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		encoded, err := json.Marshal(r.body)
		if err != nil {
			return nil, errors.New("the request cannot be encoded")
		}
		body = bytes.NewReader(encoded)
	}
	target := d.base.String() + r.path
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, target, body)
	if err != nil {
		return nil, errors.New("the request cannot be made")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "accord")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	switch {
	case r.anonymous:
	case r.as != "":
		req.Header.Set("Authorization", "token "+r.as.Reveal())
	case r.person != "":
		req.SetBasicAuth(r.person, r.personsPassword.Reveal())
	case d.token != "" && !r.basic:
		req.Header.Set("Authorization", "token "+d.token.Reveal())
	case r.tokenAsPassword:
		req.SetBasicAuth(d.user, d.token.Reveal())
	default:
		req.SetBasicAuth(d.user, d.password.Reveal())
	}
	return req, nil
}

// decode reads a good answer; one that cannot be read leaves the effect unknown.
func (a answer) decode(into any) error {
	if err := json.Unmarshal(a.body, into); err != nil {
		return a.request.failed(false, errUnreadable)
	}
	return nil
}
