package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// gate stands before a system and stops the first exchange that it is to stop:
// before it is passed on, or when it took effect and its answer is withheld.
type gate struct {
	after bool
	// reached is closed when the exchange is stopped.
	reached chan struct{}
	// opened is closed to let go of it.
	opened chan struct{}
	then   then
	first  sync.Once
	// ended is closed when the test ends, passed or not: nothing may wait longer.
	ended <-chan struct{}
}

// then is what becomes of a stopped HTTP exchange when its gate is opened.
type then uint8

const (
	// dropped: the connection is cut; what was not passed on never is.
	dropped then = iota
	// carriedOut: the request takes effect, and nobody hears of it.
	carriedOut
	// answered: all goes on as if nothing had been.
	answered
)

func newGate(after bool) *gate {
	return &gate{after: after, reached: make(chan struct{}), opened: make(chan struct{})}
}

// stop reports, for the first one that asks, that it is the exchange to stop.
func (g *gate) stop() (mine bool) {
	g.first.Do(func() { mine = true })
	return mine
}

// hold says that the exchange is stopped and waits for the gate to open.
func (g *gate) hold() {
	close(g.reached)
	select {
	case <-g.opened:
	case <-g.ended:
	}
}

// before puts the gate in front of an HTTP server and returns its URL.
func (g *gate) before(t testing.TB, server string, stops func(*http.Request) bool) string {
	t.Helper()
	g.ended = t.Context().Done()
	target, err := url.Parse(server)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // signed requests name it
		},
		Transport: &http.Transport{DisableCompression: true},
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !stops(r) || !g.stop() {
			proxy.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		kept := r.Clone(t.Context()) // lasts longer than its sender
		kept.Body = io.NopCloser(strings.NewReader(string(body)))
		if g.after {
			proxy.ServeHTTP(httptest.NewRecorder(), kept)
		}
		g.hold()
		switch g.then {
		case dropped:
		case carriedOut:
			proxy.ServeHTTP(httptest.NewRecorder(), kept)
		case answered:
			proxy.ServeHTTP(w, kept)
			return
		}
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(front.Close)
	return front.URL
}

// beforeMail puts the gate in front of an SMTP server and returns its address.
// It stops the first conversation: before the greeting, or when the server has
// taken the message and says so.
func (g *gate) beforeMail(t testing.TB, server string) string {
	t.Helper()
	g.ended = t.Context().Done()
	listener, err := listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	var conversations sync.WaitGroup
	conversations.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // closed
			}
			conversations.Go(func() {
				defer func() { _ = conn.Close() }()
				g.converse(conn, server)
			})
		}
	})
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		conversations.Wait()
	})
	return listener.Addr().String()
}

func (g *gate) converse(sender net.Conn, address string) {
	stopped := g.stop()
	if stopped && !g.after {
		g.hold()
		return
	}
	server, err := new(net.Dialer).DialContext(context.Background(), "tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	sent := make(chan struct{}) // the end of the message
	go func() {
		defer func() { _ = server.Close() }() // with the sender
		var once sync.Once
		relay(server, sender, func(line string) bool {
			if line == ".\r\n" {
				once.Do(func() { close(sent) })
			}
			return true
		})
	}()
	relay(sender, server, func(string) bool {
		select {
		case <-sent:
		default:
			return true
		}
		if stopped {
			g.hold()
		}
		return !stopped
	})
}

// relay copies lines for as long as pass lets them through.
func relay(to io.Writer, from io.Reader, pass func(line string) bool) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if err != nil || !pass(line) {
			return
		}
		if _, err := io.WriteString(to, line); err != nil {
			return
		}
	}
}
