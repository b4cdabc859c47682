package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"syscall"
	"time"
)

// reply is what a client knows of its request in the end.
type reply struct {
	code string
	data map[string]any
	saga string
	// sure replies say what became of the request; after any other it took place
	// or it did not.
	sure bool
}

func (r reply) succeeded() bool { return r.sure && r.code == "General.Success" }

// undecided is the code of replies that are no answer.
const undecided = "undecided"

// front is a front-end before the replicas: it asks another where one does not
// answer. Safe for concurrent use.
type front struct {
	replicas *replicas
	http     *http.Client

	mu     sync.Mutex
	asked  map[string]map[string]int // by call and code
	tries  int
	lately []string // the last unexpected answers
}

func newFront(r *replicas) *front {
	return &front{replicas: r, asked: map[string]map[string]int{}, http: &http.Client{
		Timeout:   time.Minute, // longer than a server takes for anything
		Transport: &http.Transport{MaxIdleConnsPerHost: 64},
	}}
}

// times is how often a call was answered so.
func (f *front) times(path, code string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[path][code]
}

// patience is how long a client with an Idempotency-Key asks for what became of
// its request; without patience it has no key and asks once.
func (f *front) ask(ctx context.Context, r *mathrand.Rand, path, token, contentType string, body []byte, patience time.Duration) reply {
	key := rand.Text()
	if patience == 0 {
		key = ""
	}
	end := time.Now().Add(patience)
	unsure := false
	for slot := r.IntN(2); ; slot++ {
		got, sent := f.once(slot, path, token, contentType, key, body)
		known := got.sure && (got.code == "General.Success" || !unsure)
		unsure = unsure || sent && !got.sure
		if known || unsure && key == "" || ctx.Err() != nil || unsure && time.Now().After(end) {
			got.sure = known
			if !known {
				got.code = undecided
			}
			f.count(path, got.code)
			return got
		}
		pause(ctx, between(r, 20*time.Millisecond, 400*time.Millisecond))
	}
}

// once sends a request to one replica. A request that was not sent did nothing.
func (f *front) once(slot int, path, token, contentType, key string, body []byte) (got reply, sent bool) {
	base := f.replicas.url(slot)
	if base == "" {
		return reply{}, false
	}
	// The client does not give up where the load ends: it wants to know.
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, base+path, bytes.NewReader(body))
	if err != nil {
		return reply{}, false
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Authorization", token)
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	f.mu.Lock()
	f.tries++
	f.mu.Unlock()
	response, err := f.http.Do(request)
	if err != nil {
		return reply{}, !errors.Is(err, syscall.ECONNREFUSED)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	var a answer
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		return reply{}, true
	}
	got = reply{code: a.Code, data: a.Data, saga: response.Header.Get("X-Accord-Saga"), sure: true}
	switch {
	case response.StatusCode == http.StatusTooManyRequests:
		got.code = "busy"
	case response.StatusCode != http.StatusOK, a.Code == "General.InternalServerError":
		got.sure = false
	}
	return got, true
}

func (f *front) count(path, code string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked[path] == nil {
		f.asked[path] = map[string]int{}
	}
	f.asked[path][code]++
}

// unexpected notes an answer that nothing explains.
func (f *front) unexpected(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lately = append(f.lately, fmt.Sprintf(format, args...))
}
