package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/cmd/accord/internal/config"
	"accord/store"
)

// Bounds of BenchmarkSignInsBesideAHostileClient.
const (
	hostileConnections = 300
	hostileRounds      = 3
	// ordinaryUsers sign in from addresses of their own, two at a time.
	ordinaryUsers = 12
)

// from is a client of the API at an address of its own, over connections of its
// own, as a proxy before the server names it.
type from struct {
	http    *http.Client
	url, ip string
}

func newFrom(c client, ip string, connections int) from {
	return from{url: c.url, ip: ip, http: &http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections,
	}}}
}

// post returns the code of the answer; empty if there is none.
func (f from) post(ctx context.Context, name string, in map[string]string) string {
	text, _ := json.Marshal(in) // of strings
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url+"/api/user/"+name, bytes.NewReader(text))
	if err != nil {
		return ""
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Forwarded-For", f.ip)
	response, err := f.http.Do(request)
	if err != nil {
		return ""
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	var a answer
	if err != nil || json.Unmarshal(body, &a) != nil {
		return ""
	}
	return a.Code
}

// hammer has a client at one address guess passwords and codes and ask for codes,
// of ever other names, until ctx ends. It returns when every connection has had
// an answer; wait returns how many came.
func hammer(ctx context.Context, c client, round int) (wait func() int64) {
	hostile := newFrom(c, "203.0.113.66", hostileConnections)
	var running, begun sync.WaitGroup
	var answers atomic.Int64
	begun.Add(hostileConnections)
	for n := range hostileConnections {
		running.Go(func() {
			first := sync.OnceFunc(begun.Done)
			defer first()
			for i := 0; ctx.Err() == nil; i++ {
				who := fmt.Sprintf("victim%d-%d-%d", round, n, i)
				switch i % 3 {
				case 0:
					hostile.post(ctx, "login", map[string]string{"username": who, "password": "wrong1234"})
				case 1:
					hostile.post(ctx, "emailVerifyCode", map[string]string{"email": who + "@example.com"})
				default:
					hostile.post(ctx, "resetUserPassword", map[string]string{
						"email": who + "@example.com", "verifyCode": "WRONG2", "newPassword": "abcdefg8",
					})
				}
				answers.Add(1)
				first()
			}
		})
	}
	begun.Wait()
	return func() int64 {
		running.Wait()
		return answers.Load()
	}
}

// BenchmarkSignInsBesideAHostileClient measures sign-ins of ordinary users while
// nothing else happens, and beside 300 connections of one client, in turns.
func BenchmarkSignInsBesideAHostileClient(b *testing.B) {
	site := newSite(b, store.SQLite)
	site.HTTP.RefusalPause = config.Default().HTTP.RefusalPause
	site.Guard.ExemptClients, site.HTTP.TrustedProxies = nil, []string{"127.0.0.1", "::1"}
	c := site.start(b)
	people, clients := make([]person, ordinaryUsers), make([]from, ordinaryUsers)
	for n := range people {
		people[n], clients[n] = newPerson(), newFrom(c, fmt.Sprintf("198.51.%d.7", n), 4)
		require.Equal(b, "General.Success", clients[n].post(b.Context(), "registerIndividual", map[string]string{
			"username": people[n].name, "email": people[n].email, "password": people[n].password,
		}))
	}
	signIns := func() []time.Duration {
		took := make([]time.Duration, ordinaryUsers)
		lanes := make(chan struct{}, 2)
		var all sync.WaitGroup
		for n := range people {
			all.Go(func() {
				lanes <- struct{}{}
				defer func() { <-lanes }()
				began := time.Now()
				code := clients[n].post(b.Context(), "login", map[string]string{"username": people[n].name, "password": people[n].password})
				took[n] = time.Since(began)
				if code != "General.Success" {
					b.Errorf("a sign-in of another client answers %q", code)
				}
			})
		}
		all.Wait()
		return took
	}
	for b.Loop() {
		var quiet, beside []time.Duration
		var answers int64
		for round := range hostileRounds {
			quiet = append(quiet, signIns()...)
			quiet = append(quiet, signIns()...)
			ctx, stop := context.WithTimeout(b.Context(), 15*time.Second)
			wait := hammer(ctx, c, round)
			beside = append(beside, signIns()...)
			beside = append(beside, signIns()...)
			stop()
			answers += wait()
		}
		slices.Sort(quiet)
		slices.Sort(beside)
		alone, met := quiet[len(quiet)*95/100], beside[len(beside)*95/100]
		b.ReportMetric(float64(alone.Milliseconds()), "quiet-p95-ms")
		b.ReportMetric(float64(met.Milliseconds()), "hostile-p95-ms")
		b.ReportMetric(float64(met)/float64(alone), "hostile/quiet-p95")
		b.ReportMetric(float64(answers), "hostile-answers")
	}
}
