package picture

import (
	"bytes"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"code.dny.dev/ssrf"
	"github.com/stretchr/testify/require"
)

// site is a web server on 127.0.0.1.
type site struct {
	*httptest.Server

	requests atomic.Int32
	port     uint16
}

func serve(t *testing.T, handler http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		handler(w, r)
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it is the client's view that is tested
	s.Start()
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	require.NoError(t, err)
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	require.NoError(t, err)
	s.port = uint16(port)
	return s
}

// at is a URL of the site by another name.
func (s *site) at(name, path string) string {
	return "http://" + name + ":" + strconv.Itoa(int(s.port)) + path
}

// picture answers with a file.
func picture(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }
}

// publicName resolves to 127.0.0.1, which passes for a public address in
// public. Every other address of this machine stays an inner one.
const publicName = "img.accord.test"

// public makes Pictures that may ask sites for what is at *.accord.test.
func public(t *testing.T, n *names, sites ...*site) *Pictures {
	t.Helper()
	n.set(publicName, []string{"127.0.0.1"})
	o := Options{Hosts: []string{"*.accord.test"}, Resolver: n.resolver(), Timeout: patient}
	for _, s := range sites {
		o.Ports = append(o.Ports, s.port)
	}
	p, err := newPictures(o, ssrf.WithAllowedV4Prefixes(netip.MustParsePrefix("127.0.0.1/32")))
	require.NoError(t, err)
	return p
}

// requireQuarters demands the picture of four colours.
func requireQuarters(t *testing.T, data []byte, err error) {
	t.Helper()
	require.NoError(t, err)
	got, err := png.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	requireSame(t, quarters(32, 32), got, 0)
}

// requireQuiet demands that an error does not repeat an address.
func requireQuiet(t *testing.T, err error, address string) {
	t.Helper()
	require.Error(t, err)
	u, bad := url.Parse(address)
	require.NoError(t, bad)
	require.NotContains(t, err.Error(), strings.Trim(u.Path, "/"))
}
