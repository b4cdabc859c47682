package picture

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

const patient = 30 * time.Second

func TestFetchFromOurStore(t *testing.T) {
	file := asPNG(t, quarters(32, 32))
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RequestURI() != "/bucket/a%20b.png?sig=x" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(file)
	})
	p := newTest(t, Options{Stores: []string{"HTTP" + strings.TrimPrefix(s.URL, "http") + "/"}})
	got, err := p.Fetch(t.Context(), s.URL+"/bucket/a%20b.png?sig=x#part")
	requireQuarters(t, got, err)
	require.EqualValues(t, 1, s.requests.Load())
}

func TestFetchFromAStoreByTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(picture(asPNG(t, quarters(32, 32))))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	got, err := newTest(t, Options{Stores: []string{s.URL}, RootCAs: roots}).Fetch(t.Context(), s.URL)
	requireQuarters(t, got, err)

	_, err = newTest(t, Options{Stores: []string{s.URL}, RootCAs: x509.NewCertPool()}).Fetch(t.Context(), s.URL)
	require.Equal(t, app.PictureFailed, app.KindOf(err))
	require.ErrorContains(t, err, "certificate")
}

func TestFetchFromAnAllowedHost(t *testing.T) {
	for name, data := range map[string][]byte{
		"PNG": asPNG(t, quarters(32, 32)), "GIF": asGIF(t, quarters(32, 32)),
	} {
		t.Run(name, func(t *testing.T) {
			var asked http.Header
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked = r.Header
				w.Header().Set("Content-Type", "text/html") // the content says what it is
				_, _ = w.Write(data)
			})
			n := newNames(t)
			got, err := public(t, n, s).Fetch(t.Context(), s.at("IMG.accord.test", "/x.png"))
			requireQuarters(t, got, err)
			require.Equal(t, "accord", asked.Get("User-Agent"))
			require.Empty(t, asked.Get("Accept-Encoding"))
			require.Equal(t, 1, n.times(publicName), "the name was looked up other than to connect")
		})
	}
}

func TestFetchUsesNoProxy(t *testing.T) {
	require.Nil(t, newTest(t, Options{}).client.Transport.(*http.Transport).Proxy)
}

func TestFetchAnswers(t *testing.T) {
	file := asPNG(t, quarters(32, 32))
	packed := &bytes.Buffer{}
	zip := gzip.NewWriter(packed)
	_, _ = zip.Write(file)
	require.NoError(t, zip.Close())
	for name, c := range map[string]struct {
		status int
		header string
		body   []byte
		kind   app.Kind
		rule   app.Rule
	}{
		"not found":       {404, "", file, app.Invalid, app.Pattern},
		"forbidden":       {403, "", file, app.Invalid, app.Pattern},
		"a part":          {206, "", file, app.Invalid, app.Pattern},
		"nothing":         {204, "", nil, app.Invalid, app.Pattern},
		"a list of them":  {300, "", file, app.Invalid, app.Pattern},
		"unchanged":       {304, "", nil, app.Invalid, app.Pattern},
		"too many":        {429, "", file, app.PictureFailed, ""},
		"request timeout": {408, "", file, app.PictureFailed, ""},
		"server error":    {500, "", file, app.PictureFailed, ""},
		"unavailable":     {503, "", file, app.PictureFailed, ""},
		"empty":           {200, "", nil, app.Invalid, app.Pattern},
		"a page":          {200, "Content-Type: image/png", []byte("<html>"), app.Invalid, app.Pattern},
		"packed":          {200, "Content-Encoding: gzip", packed.Bytes(), app.Invalid, app.Pattern},
		"too large":       {200, "", append(bytes.Clone(file), make([]byte, MaxBytes)...), app.Invalid, app.Length},
		"too many pixels": {200, "", claimingPNG(60000, 60000), app.Invalid, app.Length},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if key, value, found := strings.Cut(c.header, ": "); found {
					w.Header().Set(key, value)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write(c.body)
			})
			_, err := newTest(t, Options{Stores: []string{s.URL}}).Fetch(t.Context(), s.URL+"/secret-path")
			requireQuiet(t, err, s.URL+"/secret-path")
			if c.kind == app.Invalid {
				requireUnfit(t, err, "avatarUrl", c.rule)
				return
			}
			require.Equal(t, c.kind, app.KindOf(err), err)
			require.True(t, saga.IsRefused(err))
		})
	}
}

// The size that a host announces is believed where it is too large; a host that
// announces none is cut off.
func TestFetchBoundsTheBytes(t *testing.T) {
	gone := make(chan struct{}, 1)
	for name, c := range map[string]struct {
		begin string
		then  func(net.Conn)
	}{
		"announced":   {fmt.Sprintf("Content-Length: %d\r\n\r\n", MaxBytes+1), untilGone},
		"unannounced": {"\r\n", flood},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, raw("HTTP/1.1 200 OK\r\n"+c.begin, func(conn net.Conn) {
				c.then(conn)
				gone <- struct{}{}
			}))
			_, err := newTest(t, Options{Stores: []string{s.URL}}).Fetch(t.Context(), s.URL)
			requireUnfit(t, err, "avatarUrl", app.Length)
			<-gone
		})
	}
}

// flood writes until the client has had enough.
func flood(conn net.Conn) {
	for block := make([]byte, 64<<10); ; {
		if _, err := conn.Write(block); err != nil {
			return
		}
	}
}

// raw takes the connection over, writes text, and lets a function go on.
func raw(text string, then func(net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, stream, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer func() { _ = conn.Close() }()
		_, _ = stream.WriteString(text)
		_ = stream.Flush()
		then(conn)
	}
}

func untilGone(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func TestFetchBoundsTheTime(t *testing.T) {
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0") // its backlog takes connections; nobody answers
	require.NoError(t, err)
	defer func() { _ = silent.Close() }()
	file := asPNG(t, quarters(32, 32))
	hang := serve(t, raw("", untilGone))
	inBody := serve(t, raw("HTTP/1.1 200 OK\r\n\r\n"+string(file[:40]), untilGone))
	drip := serve(t, raw("HTTP/1.1 200 OK\r\n\r\n", func(conn net.Conn) {
		ticks := time.NewTicker(5 * time.Millisecond)
		defer ticks.Stop()
		for range ticks.C { // a byte is always on its way
			if _, err := conn.Write([]byte{0}); err != nil {
				return
			}
		}
	}))
	for name, address := range map[string]string{
		"no handshake": "https://" + silent.Addr().String(), "no answer": hang.URL, "in the body": inBody.URL, "a drip": drip.URL,
	} {
		t.Run(name, func(t *testing.T) {
			p := newTest(t, Options{Stores: []string{address}, Timeout: 100 * time.Millisecond})
			_, err := p.Fetch(t.Context(), address+"/secret-path")
			require.Equal(t, app.PictureFailed, app.KindOf(err), err)
			require.True(t, saga.IsRefused(err))
			require.ErrorIs(t, err, context.DeadlineExceeded)
			requireQuiet(t, err, address+"/secret-path")
		})
	}
	t.Run("no name", func(t *testing.T) {
		p := newTest(t, Options{
			Hosts: []string{"img.example.com"}, Timeout: 100 * time.Millisecond,
			Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
				client, _ := net.Pipe() // nobody at the other end
				return client, nil
			}},
		})
		_, err := p.Fetch(t.Context(), "http://img.example.com/")
		require.Equal(t, app.PictureFailed, app.KindOf(err), err)
	})
	require.Equal(t, 5*time.Second, newTest(t, Options{}).timeout)
}

func TestFetchEndsWithItsContext(t *testing.T) {
	reached := make(chan struct{})
	s := serve(t, raw("", func(conn net.Conn) {
		close(reached)
		untilGone(conn)
	}))
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-reached
		cancel()
	}()
	p := newTest(t, Options{Stores: []string{s.URL}, Timeout: patient})
	_, err := p.Fetch(ctx, s.URL)
	require.Equal(t, app.PictureFailed, app.KindOf(err))
	require.ErrorIs(t, err, context.Canceled)

	_, err = p.Fetch(ctx, s.URL) // it has ended before
	require.ErrorIs(t, err, context.Canceled)
	require.EqualValues(t, 1, s.requests.Load())
}

func TestFetchCuts(t *testing.T) {
	for name, text := range map[string]string{
		"at once":        "",
		"in the status":  "HTTP/1.1 20",
		"in the body":    "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\x89PNG",
		"no HTTP":        "220 mail.example.test secret-path\r\n",
		"endless header": "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 256<<10),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, raw(text, func(net.Conn) {}))
			_, err := newTest(t, Options{Stores: []string{s.URL}, Timeout: patient}).Fetch(t.Context(), s.URL+"/secret-path")
			require.Equal(t, app.PictureFailed, app.KindOf(err), err)
			require.True(t, saga.IsRefused(err))
			requireQuiet(t, err, s.URL+"/secret-path")
		})
	}
	s := serve(t, picture(nil))
	s.Close()
	_, err := newTest(t, Options{Stores: []string{s.URL}}).Fetch(t.Context(), s.URL)
	require.Equal(t, app.PictureFailed, app.KindOf(err), "nobody listens")
	n := newNames(t)
	_, err = public(t, n, s).Fetch(t.Context(), s.at("unknown.accord.test", ""))
	require.Equal(t, app.PictureFailed, app.KindOf(err), "nobody has that name")
}

func TestFetchWaitsItsTurn(t *testing.T) {
	s := serve(t, picture(asPNG(t, quarters(32, 32))))
	p := newTest(t, Options{Stores: []string{s.URL}, Fetchers: 1, Decoders: 1})
	for _, c := range []struct {
		turns turns
		limit time.Duration
	}{{p.fetchers, 10 * time.Millisecond}, {p.decoders, time.Second}} { // before the second one there is a download
		p.timeout = c.limit
		require.NoError(t, c.turns.take(t.Context()))
		_, err := p.Fetch(t.Context(), s.URL)
		require.Equal(t, app.Busy, app.KindOf(err), err)
		require.True(t, saga.IsRefused(err))
		c.turns.give()
	}
	p.timeout = patient
	for range 3 { // turns are given back, whatever came of them
		_, err := p.Fetch(t.Context(), s.URL+"1")
		require.Error(t, err)
		got, err := p.Fetch(t.Context(), s.URL)
		requireQuarters(t, got, err)
	}
}
