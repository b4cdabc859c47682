package mail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

const (
	testUser     = "sender"
	testPassword = "correct-horse"
)

// received is one message as the server took it.
type received struct {
	from, to, user string
	encrypted      bool
	data           []byte
}

// server is a real SMTP server in this process. A hook runs when its stage is
// reached, before the server's answer, which is the hook's error.
type server struct {
	port int
	// roots vouch for the server's certificate.
	roots *x509.CertPool
	mail  chan received
	// ended gets a value for each connection that was closed.
	ended chan struct{}
	hooks map[string]func(*smtp.Conn) error
}

// Stages of a conversation at which a hook can run.
const (
	atSender    = "MAIL"
	atRecipient = "RCPT"
	atContent   = "content taken"
	atEnd       = "content answered"
)

// serve starts a server; tlsMode None has no encryption and no sign-in.
func serve(t *testing.T, mode TLS, hooks map[string]func(*smtp.Conn) error) *server {
	t.Helper()
	s := &server{mail: make(chan received, 64), ended: make(chan struct{}, 64), hooks: hooks, roots: x509.NewCertPool()}
	certified := httptest.NewTLSServer(nil)
	t.Cleanup(certified.Close)
	s.roots.AddCert(certified.Certificate())

	backend := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	backend.ErrorLog = quiet{}
	backend.EnableSMTPUTF8 = true
	listener := listen(t)
	s.port = listener.Addr().(*net.TCPAddr).Port
	config := &tls.Config{Certificates: certified.TLS.Certificates, MinVersion: tls.VersionTLS12}
	switch mode {
	case None:
	case StartTLS:
		backend.TLSConfig = config
	case Implicit:
		listener = tls.NewListener(listener, config)
	}
	served := make(chan error, 1)
	go func() { served <- backend.Serve(listener) }()
	t.Cleanup(func() {
		_, _ = backend.Close(), listener.Close() // the server closes only a listener it has come to serve
		require.NoError(t, <-served)
	})
	return s
}

// listen opens a port of its own; what comes is queued until it is accepted.
func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return listener
}

// quiet keeps the server's complaints about cut connections out of the output.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

func (quiet) Println(...any) {}

// session is one connection's side of the server.
type session struct {
	server *server
	conn   *smtp.Conn
	got    received
	done   bool
}

func (s *session) hook(stage string) error {
	if run := s.server.hooks[stage]; run != nil {
		return run(s.conn)
	}
	return nil
}

func (s *session) AuthMechanisms() []string {
	if _, encrypted := s.conn.TLSConnectionState(); !encrypted {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != testUser || password != testPassword {
			return errors.New("wrong")
		}
		s.got.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.got.from = from
	return s.hook(atSender)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.got.to = to
	return s.hook(atRecipient)
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.got.data = data
	_, s.got.encrypted = s.conn.TLSConnectionState()
	if err := s.hook(atContent); err != nil {
		return err
	}
	s.done = true
	s.server.mail <- s.got
	return nil
}

func (s *session) Reset() {
	if s.done {
		_ = s.hook(atEnd)
	}
}

func (s *session) Logout() error {
	s.server.ended <- struct{}{}
	return nil
}
