package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"accord/api"
)

// askSystems asks each of the three systems, and the clock, how it is, all at the same
// time.
func (p *parts) askSystems(ctx context.Context) []api.SystemState {
	systems := []struct {
		name string
		ping func(context.Context) error
	}{
		{"database", p.store.Ping},
		{"gitea", p.gitea.Ping},
		{"storage", p.storage.Ping},
		{"clock", func(context.Context) error { return p.ids.Ready() }},
	}
	states := make([]api.SystemState, len(systems))
	var asked sync.WaitGroup
	for i, system := range systems {
		asked.Go(func() {
			states[i].Name = system.name
			if err := system.ping(ctx); err != nil {
				states[i].Fault = strings.TrimPrefix(err.Error(), system.name+": ")
			}
		})
	}
	asked.Wait()
	return states
}

// readyWait bounds how long `accord ready` waits for an answer: longer than the
// server takes to check a system that hangs, and shorter than the timeout of
// health checks.
const readyWait = 4 * time.Second

func newReady() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ready",
		Short: "Ask the server that runs on this configuration whether it is ready; for health checks",
		Args:  noArgs,
	}
	path := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		operators := ""
		if c.Metrics.Listen != "" {
			operators = "http://" + reachable(c.Metrics.Listen)
		}
		return askBoth(cmd.Context(), "http://"+reachable(c.Listen), operators)
	}
	return cmd
}

// askBoth is askReady, and adds the faults that the operators' listener shows.
// Both are asked at the same time, so that they share one check of the systems.
// Empty operators means that there is no such listener.
func askBoth(ctx context.Context, url, operators string) error {
	if operators == "" {
		return askReady(ctx, url)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	faults := make(chan string, 1)
	go func() { faults <- faultsAt(ctx, operators) }()
	err := askReady(ctx, url)
	if errors.Is(err, errNotReady) {
		err = fmt.Errorf("%w: %s", err, <-faults)
	}
	return err
}

// reachable is where a client on this machine finds a server that listens there.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// errNotReady says that a server answered that it is not ready.
var errNotReady = errors.New("not ready")

// askReady is nil if the server at that URL answers that all is well.
func askReady(ctx context.Context, url string) error {
	status, _, err := readReadiness(ctx, url)
	switch {
	case err != nil:
		return err
	case status != http.StatusOK:
		return fmt.Errorf("%w: the server's log, and /readyz of the listener for operators (metrics.listen), show which system is at fault",
			errNotReady)
	}
	return nil
}

// readReadiness returns the status and body of the URL's /readyz.
func readReadiness(ctx context.Context, url string) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, fmt.Errorf("no answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	body, err = io.ReadAll(io.LimitReader(response.Body, maxReadiness))
	return response.StatusCode, body, err
}

// maxReadiness bounds the body of an answer about readiness, in bytes.
const maxReadiness = 64 << 10

// faultsAt returns the faults that the operators' listener at that URL shows,
// or why they cannot be read.
func faultsAt(ctx context.Context, url string) string {
	_, body, err := readReadiness(ctx, url)
	if err != nil {
		return err.Error()
	}
	var details struct {
		Systems []struct{ Name, Fault string }
	}
	if err := json.Unmarshal(body, &details); err != nil {
		return url + "/readyz: " + err.Error()
	}
	var faults []string
	for _, system := range details.Systems {
		if system.Fault != "" {
			faults = append(faults, system.Name+": "+system.Fault)
		}
	}
	return strings.Join(faults, "; ")
}
