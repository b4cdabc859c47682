package api_test

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"accord/api"
)

// told is a dialect whose answer to a failure is its reason.
func told(t *testing.T) *httptest.Server {
	t.Helper()
	d := plain("main", "/", post("/in", readsBody, "application/json"))
	d.WriteError = func(c echo.Context, err error) error {
		why, _ := api.Reason(err)
		return c.String(api.Status(err), why.EN)
	}
	h := serve(t, api.Options{Dialects: []api.Dialect{d}, BodyLimit: 2048})
	s := httptest.NewUnstartedServer(nil)
	s.Config = api.NewHTTPServer(h, slog.New(slog.DiscardHandler))
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// sent writes a whole request before it reads anything.
func sent(t *testing.T, s *httptest.Server, head, body string) (status int, text string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	_, err = io.WriteString(conn, "POST /in HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+head+"\r\n"+body)
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, response.Body.Close()) }()
	answer, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(answer)
}

func TestWhoWritesBeforeReadingSeesTheAnswer(t *testing.T) {
	s := told(t)
	big := strings.Repeat("x", 20<<20)
	for name, tt := range map[string]struct{ head, body string }{
		"announced": {"Content-Length: 20971520\r\n", big},
		"chunked":   {"Transfer-Encoding: chunked\r\n", "1400000\r\n" + big + "\r\n0\r\n\r\n"},
	} {
		status, text := sent(t, s, tt.head, tt.body)
		require.Equal(t, http.StatusRequestEntityTooLarge, status, name)
		require.Equal(t, "The body is larger than 2 KiB", text, name)
	}
	status, _ := sent(t, s, "Content-Length: 20971520\r\nExpect: 100-continue\r\n", "")
	require.Equal(t, http.StatusRequestEntityTooLarge, status, "at once, without leave to send")
}

func TestHeadersOverTheLimit(t *testing.T) {
	s := told(t)
	status, text := sent(t, s, "X-Long: "+strings.Repeat("x", 33<<10)+"\r\nContent-Length: 0\r\n", "")
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, status)
	require.Equal(t, "The headers are larger than 32 KiB", text)
	status, _ = sent(t, s, "X-Long: "+strings.Repeat("x", 31<<10)+"\r\nContent-Length: 0\r\n", "")
	require.Equal(t, http.StatusOK, status)
}

func TestBodiesAreReadAsTheyAre(t *testing.T) {
	s := told(t)
	status, text := sent(t, s, "Content-Encoding: gzip\r\nContent-Length: 1\r\n", "x")
	require.Equal(t, http.StatusUnsupportedMediaType, status)
	require.Equal(t, "The body is compressed: send it without Content-Encoding", text)
	status, _ = sent(t, s, "Content-Encoding: identity\r\nContent-Length: 1\r\n", "x")
	require.Equal(t, http.StatusOK, status)
}

// Without a body its type means nothing, and a slash at the end of a path neither.
func TestWhatMeansNothingIsPassedOver(t *testing.T) {
	h := serve(t, api.Options{Dialects: []api.Dialect{plain("main", "/", post("/in", says("in"), "application/json"))}})
	for _, mediaType := range []string{"text/plain", "application/x-www-form-urlencoded", ";;"} {
		require.Equal(t, "in", answer(h, request(http.MethodPost, "/in", "", "Content-Type", mediaType)).Body.String())
		require.Equal(t, http.StatusUnsupportedMediaType, answer(h, request(http.MethodPost, "/in", "x", "Content-Type", mediaType)).Code)
	}
	require.Equal(t, "in", answer(h, request(http.MethodPost, "/in/", "")).Body.String())
}

// So it is behind an escaped segment; an escaped slash is a part of the segment.
func TestASlashBehindAnEscapedSegmentIsPassedOver(t *testing.T) {
	named := func(c echo.Context) error {
		name, err := url.PathUnescape(c.Param("name"))
		if err != nil {
			return err
		}
		return c.String(http.StatusOK, name)
	}
	route := post("/in/:name", named)
	h := serve(t, api.Options{Dialects: []api.Dialect{plain("main", "/", route)}})
	for path, name := range map[string]string{
		"/in/a": "a", "/in/a/": "a", "/in/a%2Fb": "a/b", "/in/a%2Fb/": "a/b", "/in/a%2F": "a/", "/in/a%2F/": "a/", "/in/%21/": "!",
	} {
		got := answer(h, request(http.MethodPost, path, ""))
		require.Equal(t, http.StatusOK, got.Code, path)
		require.Equal(t, name, got.Body.String(), path)
	}
}
