package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"accord/adapters/servers/serverstest"
)

// withServers runs tests that may borrow real servers.
type withServers struct{ tests *testing.M }

func (w withServers) Run() int { return serverstest.Run(w.tests) }

// TestMain lets tests run this very program as the command `accord`.
func TestMain(m *testing.M) {
	testscript.Main(withServers{m}, map[string]func(){"accord": main})
}
