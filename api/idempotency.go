package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/labstack/echo/v4"

	"accord/app"
	"accord/saga"
)

const (
	keyHeader      = "Idempotency-Key"
	replayedHeader = "Idempotency-Replayed"
	// longestKey is in bytes.
	longestKey = 255
)

const (
	answersKept = 24 * time.Hour
	// claimLease is how long a key stays taken where the process that answers
	// dies. No request runs as long as that: see runLimit.
	claimLease = time.Minute
	runLimit   = 45 * time.Second
	// repeatWait is how long a repeat waits for the first one's answer.
	repeatWait  = 10 * time.Second
	firstPause  = 20 * time.Millisecond
	longestWait = 500 * time.Millisecond
	// storeLimit bounds one word with the store.
	storeLimit = 5 * time.Second
)

// once answers requests that bear an Idempotency-Key, which others are not
// affected by: the first of a key is carried out, its repeats get its answer.
type once struct {
	answers app.Answers
	now     func() time.Time
	logger  *slog.Logger
}

// around makes a handler carry out each request with a key once.
func (o once) around(next echo.HandlerFunc) echo.HandlerFunc {
	next = recoverPanic()(next) // a defect must not leave an answer held back
	return func(c echo.Context) error {
		key, err := keyOf(c.Request())
		switch {
		case err != nil:
			return err
		case key == "":
			return next(c)
		}
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return unreadable(err)
		}
		asked, err := o.ask(c.Request().Context(), scopeOf(c, key), fingerprintOf(c.Request(), body))
		switch {
		case errors.Is(err, app.ErrKeyReused):
			return keyViolates(app.Reused)
		case err != nil:
			return err
		case asked.Claim == 0:
			return replay(c, asked.Answer)
		}
		return o.first(c, next, body, asked.Claim)
	}
}

// keyOf is the request's key, empty where it has none. The error is Invalid.
func keyOf(r *http.Request) (string, error) {
	keys := r.Header.Values(keyHeader)
	switch {
	case len(keys) == 0:
		return "", nil
	case len(keys) > 1:
		return "", keyViolates(app.Pattern)
	case keys[0] == "":
		return "", keyViolates(app.NotBlank)
	case len(keys[0]) > longestKey:
		return "", keyViolates(app.Length)
	case strings.ContainsFunc(keys[0], func(r rune) bool { return r < ' ' || r > '~' }):
		return "", keyViolates(app.Pattern)
	}
	return keys[0], nil
}

func keyViolates(rule app.Rule) error {
	return &app.Error{Kind: app.Invalid, Op: "idempotency", Violations: []app.Violation{{Field: keyHeader, Rule: rule}}}
}

// unreadable is the error of a body over its limit as it is, and Invalid for
// one that broke off.
func unreadable(err error) error {
	var tooLarge *echo.HTTPError
	if errors.As(err, &tooLarge) {
		return err
	}
	return &app.Error{Kind: app.Invalid, Op: "idempotency", Err: errors.New("the body broke off")}
}

// scopeOf makes keys of other endpoints and other callers other keys.
func scopeOf(c echo.Context, key string) string {
	r := c.Request()
	sum := sha256.Sum256([]byte(strings.Join([]string{r.Method, r.URL.EscapedPath(), Token(c).Reveal(), key}, "\x00")))
	return hex.EncodeToString(sum[:])
}

func fingerprintOf(r *http.Request, body []byte) []byte {
	sum := sha256.New()
	sum.Write([]byte(r.URL.RawQuery + "\x00"))
	sum.Write(body)
	return sum.Sum(nil)
}

// errUnderWay refuses a repeat that waited in vain.
var errUnderWay = &app.Error{Kind: app.Busy, Op: "idempotency", Err: errors.New("the first request of the key is under way")}

// ask returns a claim or an answer. While another request has the claim it asks
// again, as long as repeatWait and ctx allow.
func (o once) ask(ctx context.Context, scope string, fingerprint []byte) (app.Asked, error) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = firstPause, longestWait
	return backoff.Retry(ctx, func() (app.Asked, error) {
		now := o.now()
		asked, err := o.answers.Begin(ctx, scope, fingerprint, now, now.Add(claimLease))
		switch {
		case err != nil:
			return asked, backoff.Permanent(err)
		case asked.Claim == 0 && asked.Answer == nil:
			return asked, errUnderWay
		}
		return asked, nil
	}, backoff.WithBackOff(pause), backoff.WithMaxElapsedTime(repeatWait))
}

// first carries the request out, also where its client goes away, and holds the
// answer back until it is kept, so that what a client was told once stays so.
func (o once) first(c echo.Context, next echo.HandlerFunc, body []byte, claim int64) error {
	asSent := c.Request()
	base := context.WithoutCancel(asSent.Context())
	ctx, cancel := context.WithTimeout(base, runLimit)
	defer cancel()
	r := asSent.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(body))
	c.SetRequest(r)
	defer c.SetRequest(asSent)

	out := &held{ResponseWriter: c.Response().Writer}
	c.Response().Writer = out
	err := next(c)
	if err != nil {
		c.Error(err)
	}
	c.Response().Writer = out.ResponseWriter
	if fault := o.settle(base, claim, out.answer(), err); fault != nil {
		// The request was answered all the same; a repeat after the lease runs again.
		o.logger.WarnContext(base, "answer not kept for a repeat", "error", fault)
	}
	out.release()
	return err
}

// settle keeps an answer that a repeat is to get as well, gives the claim up
// where a repeat may do better, and leaves it to its lease where the outcome is
// not decided.
func (o once) settle(ctx context.Context, claim int64, a kept, failure error) error {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	switch {
	case errors.Is(failure, saga.ErrUndecided):
		return nil
	case failure != nil && !final(app.KindOf(failure)), a.Status >= http.StatusInternalServerError, a.Status == http.StatusTooManyRequests:
		return o.answers.Drop(ctx, claim)
	}
	answer, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return o.answers.Keep(ctx, claim, answer, o.now().Add(answersKept))
}

// final reports whether a failure is an answer for good. After any other the
// same request may succeed, or it never came to anything.
func final(kind app.Kind) bool {
	switch kind {
	case app.BadCredentials, app.UserTaken, app.EmailTaken, app.MobileTaken, app.Unchanged, app.CodeWrong, app.LastOwner, app.NotFound,
		app.RepositoryTaken:
		return true
	default:
		return false
	}
}

// kept is an answer as the store has it.
type kept struct {
	Status      int
	ContentType string
	Saga        string
	Body        []byte
}

// replay sends an answer that was given before.
func replay(c echo.Context, answer []byte) error {
	var a kept
	if err := json.Unmarshal(answer, &a); err != nil || a.Status < http.StatusOK || a.Status > 599 {
		return errors.New("a kept answer cannot be read") // the decoder's own text may quote it
	}
	c.Response().Header().Set(replayedHeader, "true")
	SetReceipt(c, saga.Receipt{ID: a.Saga})
	return c.Blob(a.Status, a.ContentType, a.Body)
}

// held is an answer that is held back. Headers are the client's own.
type held struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *held) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *held) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(b)
}

func (h *held) answer() kept {
	h.WriteHeader(http.StatusOK) // of a handler that wrote nothing
	return kept{h.status, h.Header().Get(echo.HeaderContentType), h.Header().Get(SagaHeader), h.body.Bytes()}
}

// release sends the answer. A client that has gone away is no error: the repeat
// gets it.
func (h *held) release() {
	h.ResponseWriter.WriteHeader(h.status)
	_, _ = h.ResponseWriter.Write(h.body.Bytes())
}
