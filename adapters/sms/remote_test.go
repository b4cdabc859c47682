package sms

import (
	"bufio"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

const patient = 30 * time.Second

// forEach runs a test on every provider that speaks to a server.
func forEach(t *testing.T, handler http.HandlerFunc, test func(*testing.T, *gateway, app.SMS)) {
	t.Helper()
	for name, provider := range remote() {
		t.Run(name, func(t *testing.T) {
			g := serve(t, handler)
			test(t, g, provider(t, g, patient))
		})
	}
}

func TestRemoteSends(t *testing.T) {
	forEach(t, say(http.StatusOK, success), func(t *testing.T, g *gateway, s app.SMS) {
		const count = 24
		var wg sync.WaitGroup
		for range count {
			wg.Go(func() {
				if err := s.Send(t.Context(), message()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, count, g.requests.Load())
	})
}

func TestRemoteAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		body    string
		refused bool
	}{
		"another word":      {200, `{"Code":"isv.OUT_OF_SERVICE"}`, true},
		"bad request":       {400, `{"Code":"no"}`, true},
		"unauthorized":      {401, `nobody`, true},
		"too many":          {429, success, true},
		"gave up waiting":   {408, success, false},
		"server error":      {500, `{"Code":"InternalError"}`, false},
		"bad gateway":       {502, `<html>`, false},
		"unavailable":       {503, ``, false},
		"nothing":           {200, ``, false},
		"a page":            {200, `<html>OK</html>`, false},
		"null":              {200, `null`, false},
		"a number":          {200, `17`, false},
		"a list":            {200, `["Code","OK"]`, false},
		"another type":      {200, `{"Code":{"Code":"OK"}}`, false},
		"no such field":     {200, `{"Status":"OK"}`, false},
		"cut JSON":          {200, `{"Code":"OK`, false},
		"deep nesting":      {200, strings.Repeat(`{"Code":`, 9000), false},
		"too long":          {200, success + strings.Repeat(" ", maxAnswer), false},
		"a refusal, long":   {400, strings.Repeat("x", 2*maxAnswer), true},
		"redirect to self":  {302, ``, true},
		"no redirect place": {301, ``, true},
	} {
		t.Run(name, func(t *testing.T) {
			forEach(t, say(c.status, c.body), func(t *testing.T, g *gateway, s app.SMS) {
				requireFailure(t, s.Send(t.Context(), message()), c.refused)
				require.EqualValues(t, 1, g.requests.Load(), "it was tried again")
			})
		})
	}
}

func TestRemoteDoesNotRepeatSecrets(t *testing.T) {
	for _, status := range []int{200, 400, 500} {
		echo := func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"Code":%q}`, testCode+string(body)+r.URL.String()+fmt.Sprint(r.Header))
		}
		forEach(t, echo, func(t *testing.T, _ *gateway, s app.SMS) {
			requireFailure(t, s.Send(t.Context(), message()), status == 400 || status == 200 && isHTTP(s))
		})
	}
	for _, word := range []string{testCode, strings.ToLower(testCode), "x" + testMobile, testKey, testKey[:8]} {
		forEach(t, say(400, `{"Code":"`+word+`"}`), func(t *testing.T, _ *gateway, s app.SMS) {
			requireFailure(t, s.Send(t.Context(), message()), true)
		})
	}
	t.Run("a header that cannot be read", func(t *testing.T) {
		forEach(t, hijacked("HTTP/1.1 200 OK\r\n"+testCode+" "+testKey+"\r\n\r\n"), func(t *testing.T, _ *gateway, s app.SMS) {
			requireFailure(t, s.Send(t.Context(), message()), false)
		})
	})
}

func isHTTP(s app.SMS) bool { _, is := s.(*HTTP); return is }

func TestRemoteFollowsNoRedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a message went elsewhere")
	}))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		forEach(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, status)
		}, func(t *testing.T, _ *gateway, s app.SMS) {
			requireFailure(t, s.Send(t.Context(), message()), true)
		})
	}
}

// hijacked answers with raw bytes and cuts the connection.
func hijacked(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, stream, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = stream.WriteString(raw)
		_ = stream.Flush()
		_ = conn.Close()
	}
}

func TestRemoteCuts(t *testing.T) {
	for name, c := range map[string]struct {
		raw     string
		refused bool
	}{
		"at once":          {"", false},
		"in the status":    {"HTTP/1.1 20", false},
		"in a good body":   {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + success, false},
		"in a refusal":     {"HTTP/1.1 400 No\r\nContent-Length: 100\r\n\r\n{", true},
		"no HTTP":          {"220 mail.example.test ESMTP\r\n", false},
		"endless header":   {"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*maxAnswer) + "\r\n\r\n", false},
		"a wrong encoding": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			forEach(t, hijacked(c.raw), func(t *testing.T, _ *gateway, s app.SMS) {
				requireFailure(t, s.Send(t.Context(), message()), c.refused)
			})
		})
	}
}

func TestRemoteHangs(t *testing.T) {
	for name, begin := range map[string]string{
		"before the answer": "",
		"in the body":       "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			var healthy atomic.Bool
			reached := make(chan struct{}, 1)
			hang := func(w http.ResponseWriter, r *http.Request) {
				if healthy.Load() {
					say(http.StatusOK, success)(w, r)
					return
				}
				conn, stream, err := http.NewResponseController(w).Hijack()
				if err != nil {
					panic(err)
				}
				defer func() { _ = conn.Close() }()
				_, _ = stream.WriteString(begin)
				_ = stream.Flush()
				reached <- struct{}{}
				_, _ = io.Copy(io.Discard, bufio.NewReader(conn)) // until the client goes
			}
			forEach(t, hang, func(t *testing.T, _ *gateway, s app.SMS) {
				healthy.Store(true)
				require.NoError(t, s.Send(t.Context(), message())) // leaves a connection
				healthy.Store(false)
				setTimeout(s, 50*time.Millisecond)
				err := s.Send(t.Context(), message())
				requireFailure(t, err, false)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				<-reached
			})
			forEach(t, hang, func(t *testing.T, _ *gateway, s app.SMS) {
				ctx, cancel := context.WithCancel(t.Context())
				go func() {
					<-reached
					cancel()
				}()
				err := s.Send(ctx, message())
				requireFailure(t, err, false)
				require.ErrorIs(t, err, context.Canceled)
			})
		})
	}
}

func TestRemoteNotReached(t *testing.T) {
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // its backlog takes connections; nobody shakes hands
	require.NoError(t, err)
	defer func() { _ = silent.Close() }()
	for name, provider := range remote() {
		t.Run(name, func(t *testing.T) {
			t.Run("nobody listens", func(t *testing.T) {
				g := serve(t, say(http.StatusOK, success))
				s := provider(t, g, patient)
				g.Close()
				requireFailure(t, s.Send(t.Context(), message()), true)
			})
			t.Run("nobody answers", func(t *testing.T) {
				g := serve(t, say(http.StatusOK, success))
				g.URL = "https://" + silent.Addr().String()
				err := provider(t, g, 100*time.Millisecond).Send(t.Context(), message())
				requireFailure(t, err, true)
				require.ErrorIs(t, err, context.DeadlineExceeded)
			})
			t.Run("a stranger's certificate", func(t *testing.T) {
				g := serve(t, say(http.StatusOK, success))
				s := provider(t, g, patient)
				clientOf(s).Transport.(*http.Transport).TLSClientConfig.RootCAs = x509.NewCertPool()
				err := s.Send(t.Context(), message())
				requireFailure(t, err, true)
				var unknown x509.UnknownAuthorityError
				require.ErrorAs(t, err, &unknown)
				require.Zero(t, g.requests.Load())
			})
			t.Run("the context has ended", func(t *testing.T) {
				g := serve(t, say(http.StatusOK, success))
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				err := provider(t, g, patient).Send(ctx, message())
				requireFailure(t, err, true)
				require.ErrorIs(t, err, context.Canceled)
				require.Zero(t, g.requests.Load())
			})
			t.Run("improper messages", func(t *testing.T) {
				g := serve(t, say(http.StatusOK, success))
				s := provider(t, g, patient)
				for name, m := range improper() {
					err := s.Send(t.Context(), m)
					require.Error(t, err, name)
					requireFailure(t, err, true)
				}
				require.Zero(t, g.requests.Load())
			})
		})
	}
}

func clientOf(s app.SMS) *http.Client {
	if a, is := s.(*Aliyun); is {
		return a.client
	}
	return s.(*HTTP).client
}

func setTimeout(s app.SMS, timeout time.Duration) {
	if a, is := s.(*Aliyun); is {
		a.options.Timeout = timeout
		return
	}
	s.(*HTTP).options.Timeout = timeout
}
