package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"accord/api"
)

// ready asks each of the three systems how it is, all at the same time.
func (p *parts) ready(ctx context.Context) []api.SystemState {
	systems := []struct {
		name string
		ping func(context.Context) error
	}{
		{"database", p.store.Ping}, {"gitea", p.gitea.Ping}, {"storage", p.storage.Ping},
	}
	states := make([]api.SystemState, len(systems))
	var asked sync.WaitGroup
	for i, system := range systems {
		asked.Go(func() {
			states[i].Name = system.name
			if err := system.ping(ctx); err != nil {
				states[i].Fault = err.Error()
			}
		})
	}
	asked.Wait()
	return states
}

// readyWait bounds how long `accord ready` waits for an answer.
const readyWait = 10 * time.Second

func newReady() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ready",
		Short: "Ask the server that runs on this configuration whether it is ready; for health checks",
		Args:  cobra.NoArgs,
	}
	path := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		return askReady(cmd.Context(), "http://"+reachable(c.Listen))
	}
	return cmd
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

// askReady is nil where the server at that URL answers that all is well.
func askReady(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	if response.StatusCode != http.StatusOK {
		return errors.New("not ready: " + url + "/readyz says which system is at fault")
	}
	return nil
}
