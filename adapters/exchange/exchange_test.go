package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/exchange"
)

type kept struct{ not bool }

func (kept) Error() string   { return "kept back" }
func (k kept) NotSent() bool { return k.not }

const secret = "hunter2"

// Nothing of the address or of the remote's text is in a cause.
func TestCause(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	const nothing = "the exchange broke off, or the answer cannot be read"
	for _, c := range []struct {
		err  error
		want string
	}{
		{kept{true}, "kept back"},
		{kept{false}, nothing},
		{context.DeadlineExceeded, "no answer in time: context deadline exceeded"},
		{context.Canceled, "context canceled"},
		{dial, "dial: connection refused"},
		{&net.DNSError{Err: "no such host", Name: "h"}, "lookup h: no such host"},
		{&http.MaxBytesError{Limit: 1}, "the answer is too long"},
		{fmt.Errorf(secret+": %w", io.ErrUnexpectedEOF), "the connection was cut"},
		{errors.New(secret), nothing},
	} {
		require.EqualError(t, exchange.Cause(&url.Error{Op: "Get", URL: "http://h/?" + secret, Err: c.err}), c.want)
	}
}

// A connection that was never made is told from one that broke.
func TestConnecting(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	ask := func() (*exchange.Connecting, error) {
		var c exchange.Connecting
		req, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), c.Trace()), http.MethodPost, server.URL, http.NoBody)
		require.NoError(t, err)
		res, err := (&http.Client{Transport: &http.Transport{}}).Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		return &c, err
	}
	c, err := ask()
	require.Error(t, err)
	require.False(t, c.NeverMade())
	server.Close()
	c, err = ask()
	require.Error(t, err)
	require.True(t, c.NeverMade())
	require.False(t, new(exchange.Connecting).NeverMade(), "nothing was asked yet")
}
