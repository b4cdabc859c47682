package main

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// line is the way to a system, by a proxy. To spoil it or to mend it is to put
// another proxy there: what the old one holds back is lost with its connections,
// so that a fault delays nothing for longer than it lasts.
type line struct {
	name, target string

	mu      sync.Mutex
	address string
	proxy   *toxiproxy.Proxy
}

// newLine opens a way to a server of that URL.
func newLine(t testing.TB, name, server string) *line {
	t.Helper()
	target, err := url.Parse(server)
	require.NoError(t, err)
	l := &line{name: name, target: target.Host, address: "127.0.0.1:0"}
	require.NoError(t, l.become(""))
	t.Cleanup(func() { l.proxy.Stop() })
	return l
}

// become cuts every connection; those to come meet the toxic, which is as
// toxiproxy's API takes it, or none.
func (l *line) become(toxic string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.proxy != nil {
		l.proxy.Stop()
	}
	deadline := time.Now().Add(lineLimit)
	err := l.open(toxic)
	for err != nil && time.Now().Before(deadline) {
		pause(context.Background(), 20*time.Millisecond)
		err = l.open(toxic)
	}
	return err
}

// lineLimit bounds the wait for the line's port, which a connection of somebody
// else may have taken while nobody listened there.
const lineLimit = 20 * time.Second

func (l *line) open(toxic string) error {
	host := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l.proxy = toxiproxy.NewProxy(host, l.name, l.address, l.target)
	if toxic != "" {
		if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			return err
		}
	}
	if err := l.proxy.Start(); err != nil {
		return err
	}
	l.address = l.proxy.Listen
	return nil
}
