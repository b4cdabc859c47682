package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"accord/saga"
)

const (
	// operatorPatience is how long a command waits for an account that another
	// change holds, longer than one that waits for late effects does by default.
	operatorPatience = time.Minute
	// quietFor is how long it waits before it says so.
	quietFor = 2 * time.Second
)

// waitingLong returns a context whose sagas wait for an account that is held, and say
// so on w.
func waitingLong(ctx context.Context, w io.Writer, now func() time.Time) context.Context {
	var mu sync.Mutex
	var since time.Time
	said := false
	return saga.WithPatience(ctx, saga.Patience{For: operatorPatience, Waiting: func() {
		mu.Lock()
		defer mu.Unlock()
		if since.IsZero() {
			since = now()
		}
		if !said && now().Sub(since) >= quietFor {
			said = true
			fmt.Fprintf(w, "waiting for another change of the account to end, for %s at most\n", operatorPatience)
		}
	}})
}
