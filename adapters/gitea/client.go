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
	"strings"
	"time"

	"accord/adapters/exchange"
	"accord/app"
)

const apiPath = "/api/v1"

// Users can write texts of any length into what Gitea shows of them: the language
// of their pages, the URL of a webhook, the name of a token. So texts are cut as
// they are read.
const (
	// maxRaw bounds what is read of one answer, and maxBody what is kept of it.
	maxRaw, maxBody = 256 << 20, 1 << 20
	// maxText bounds one text in it, more than any that is needed: an address of
	// maxAddress bytes whose every character is written as an escape sequence.
	maxText = 8 << 10
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
	// cheap is basic that prefers the token to the password, which costs Gitea less.
	cheap bool
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
	// origin asks as a browser does on behalf of a page from there.
	origin string
	// bare goes past the breaker.
	bare bool
	// beginning keeps the first maxBody of an answer that is longer.
	beginning bool
	// stream, if non-nil, reads a good answer, which is not kept.
	stream func(*json.Decoder) error
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
	// cut answers lack their end.
	cut bool
}

// path joins segments, escaped, below the API.
func path(segments ...string) string {
	b := bytes.NewBufferString(apiPath)
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}

// send carries out one request. If Gitea does not take the administrator's
// password, having done nothing, the request is repeated with the token as the
// password. Its error is classified: there was no answer.
// Any answer, of whatever status, is not an error.
func (d *Directory) send(ctx context.Context, r request) (answer, error) {
	if r.cheap && d.tokenMayDo(r.op) {
		return d.sendCheap(ctx, r)
	}
	r.basic = r.basic || r.cheap
	byPassword := r.basic && !r.tokenAsPassword && !d.tokenOnly.Load()
	a, err := d.sendOnce(ctx, r)
	if err != nil || !byPassword || d.token == "" || !a.anonymous() {
		return a, err
	}
	r.tokenAsPassword = true
	byToken, err := d.sendOnce(ctx, r)
	if err == nil && !byToken.anonymous() {
		d.tokenOnly.Store(true)
		return byToken, nil
	}
	return a, err
}

// passwordOnlyFor is how long the token is not tried again for a kind of request
// that it was refused for: it may have been a proxy that refused it, or the token
// may have been given the scope since.
const passwordOnlyFor = 10 * time.Minute

// tokenMayDo reports whether a cheap request begins with the token: unless there
// is none, Gitea refused it lately for another request of that kind, or the token
// is what any request sends.
func (d *Directory) tokenMayDo(op string) bool {
	refused, ok := d.passwordOnly.Load(op)
	lately := ok && d.now().Sub(refused.(time.Time)) < passwordOnlyFor
	return d.token != "" && !lately && !d.tokenOnly.Load()
}

// sendCheap sends the token as the password and, if Gitea refuses that, the
// password. It remembers which of the two Gitea does not take, if the other one
// will do, the token's refusal for a while.
func (d *Directory) sendCheap(ctx context.Context, r request) (answer, error) {
	r.basic = true
	quick := r
	quick.tokenAsPassword = true
	byToken, err := d.sendOnce(ctx, quick)
	if err != nil || !byToken.denied() {
		return byToken, err
	}
	byPassword, err := d.sendOnce(ctx, r)
	switch {
	case err != nil:
	case byPassword.anonymous() && !byToken.anonymous():
		d.tokenOnly.Store(true)
		return byToken, nil
	case !byPassword.denied():
		d.passwordOnly.Store(r.op, d.now())
	}
	return byPassword, err
}

// signInFirst begins Gitea's message to anonymous clients if it shows them nothing
// (REQUIRE_SIGNIN_VIEW).
const signInFirst = "Only signed in user is allowed to call APIs"

// denied reports whether the credentials may not do what was asked, or were not
// taken.
func (a answer) denied() bool {
	return a.status == http.StatusUnauthorized || a.status == http.StatusForbidden
}

// anonymous reports whether Gitea took the credentials for none.
func (a answer) anonymous() bool {
	return a.status == http.StatusUnauthorized || a.status == http.StatusForbidden && strings.HasPrefix(a.message, signInFirst)
}

func (d *Directory) sendOnce(ctx context.Context, r request) (answer, error) {
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
	a := answer{request: r, status: res.StatusCode, header: res.Header}
	// The status of a refusal says enough; what it means is lost, not its effect.
	if err := a.read(res.Body); err != nil && !certain(res.StatusCode) {
		return answer{}, r.failed(false, exchange.Cause(err))
	}
	a.readMessage()
	return a, nil
}

// read reads the body of an answer.
func (a *answer) read(from io.ReadCloser) (err error) {
	var body io.Reader = http.MaxBytesReader(nil, from, maxRaw)
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		body = &shortTexts{from: body}
	}
	if a.request.stream != nil && a.status == http.StatusOK {
		return a.request.stream(json.NewDecoder(body))
	}
	a.body, err = io.ReadAll(io.LimitReader(body, maxBody+1))
	var long *http.MaxBytesError
	if a.cut = len(a.body) > maxBody || errors.As(err, &long); !a.cut {
		return err
	}
	if a.body = a.body[:min(len(a.body), maxBody)]; !a.request.beginning {
		return exchange.ErrTooLong
	}
	return nil
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
	if r.origin != "" {
		req.Header.Set("Origin", r.origin)
		req.Header.Set("Access-Control-Request-Method", http.MethodGet)
		req.Header.Set("Access-Control-Request-Headers", "authorization")
	}
	switch {
	case r.anonymous:
	case r.as != "":
		req.Header.Set("Authorization", "token "+r.as.Reveal())
	case r.person != "":
		req.SetBasicAuth(r.person, r.personsPassword.Reveal())
	case d.token != "" && !r.basic:
		req.Header.Set("Authorization", "token "+d.token.Reveal())
	case r.tokenAsPassword, d.tokenOnly.Load():
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
