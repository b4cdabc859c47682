package mail

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

func TestEncryptionAndSignIn(t *testing.T) {
	for _, mode := range []TLS{None, StartTLS, Implicit} {
		t.Run(string(mode), func(t *testing.T) {
			s := serve(t, mode, nil)
			require.NoError(t, newMailer(t, options(s, mode)).Send(t.Context(), welcome("en", "alice")))
			got := <-s.mail
			require.Equal(t, mode != None, got.encrypted)
			if mode != None {
				require.Equal(t, testUser, got.user)
			}
			<-s.ended
		})
	}
}

// refused demands that a Send failed, that nothing arrived, and that the error
// says so.
func refused(t *testing.T, s *server, err error) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, app.MailFailed, app.KindOf(err))
	require.True(t, saga.IsRefused(err), err)
	require.NotContains(t, err.Error(), testPassword)
	require.NotContains(t, err.Error(), "person@example.test")
	require.Empty(t, s.mail)
}

func TestNotSentWhereTheServerIsNotTheRightOne(t *testing.T) {
	for name, c := range map[string]struct {
		serves TLS
		change func(*Options)
	}{
		"no STARTTLS offered":           {None, func(o *Options) { o.TLS = StartTLS; o.Username, o.Password = "", "" }},
		"unknown issuer, STARTTLS":      {StartTLS, func(o *Options) { o.RootCAs = x509.NewCertPool() }},
		"unknown issuer, implicit":      {Implicit, func(o *Options) { o.RootCAs = x509.NewCertPool() }},
		"certificate of another host":   {Implicit, func(o *Options) { o.Host = "localhost" }},
		"wrong password":                {StartTLS, func(o *Options) { o.Password = "wrong" }},
		"wrong user":                    {Implicit, func(o *Options) { o.Username = "other" }},
		"encrypted expected, clear got": {None, func(o *Options) { o.TLS = Implicit }},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.serves, nil)
			o := options(s, StartTLS)
			o.TLS, o.Timeout = c.serves, 2*time.Second
			c.change(&o)
			refused(t, s, newMailer(t, o).Send(t.Context(), welcome("en", "alice")))
		})
	}
}

func TestNothingListens(t *testing.T) {
	listener := listen(t)
	s := &server{port: listener.Addr().(*net.TCPAddr).Port, mail: make(chan received)}
	require.NoError(t, listener.Close())
	refused(t, s, newMailer(t, options(s, None)).Send(t.Context(), welcome("en", "alice")))
}

func TestTheServerSaysNo(t *testing.T) {
	for _, stage := range []string{atSender, atRecipient, atContent} {
		t.Run(stage, func(t *testing.T) {
			s := serve(t, None, map[string]func(*smtp.Conn) error{stage: func(*smtp.Conn) error {
				return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "not for person@example.test"}
			}})
			err := newMailer(t, options(s, None)).Send(t.Context(), welcome("en", "alice"))
			refused(t, s, err)
			require.ErrorContains(t, err, "550", "the server's reason is lost")
			<-s.ended
		})
	}
}

// A server that cuts or hangs before it has the content cannot have sent it;
// afterwards nobody knows.
func TestCut(t *testing.T) {
	for stage, known := range map[string]bool{atSender: true, atRecipient: true, atContent: false} {
		t.Run(stage, func(t *testing.T) {
			s := serve(t, None, map[string]func(*smtp.Conn) error{stage: func(c *smtp.Conn) error {
				return errors.Join(c.Conn().Close(), errors.New("cut"))
			}})
			err := newMailer(t, options(s, None)).Send(t.Context(), welcome("en", "alice"))
			require.Error(t, err)
			require.Equal(t, app.MailFailed, app.KindOf(err))
			require.Equal(t, known, saga.IsRefused(err), err)
		})
	}
}

func TestHang(t *testing.T) {
	for stage, known := range map[string]bool{atSender: true, atRecipient: true, atContent: false} {
		t.Run(stage, func(t *testing.T) {
			reached, release := make(chan struct{}), make(chan struct{})
			s := serve(t, None, map[string]func(*smtp.Conn) error{stage: func(*smtp.Conn) error {
				close(reached)
				<-release
				return errors.New("woke up")
			}})
			ctx, cancel := context.WithCancelCause(t.Context())
			gone := errors.New("client gone")
			go func() {
				<-reached
				cancel(gone)
			}()
			err := newMailer(t, options(s, None)).Send(ctx, welcome("en", "alice"))
			close(release)
			require.ErrorIs(t, err, gone)
			require.Equal(t, app.MailFailed, app.KindOf(err))
			require.Equal(t, known, saga.IsRefused(err), err)
			<-s.ended
		})
	}
}

func TestTimeoutBoundsASilentServer(t *testing.T) {
	for _, mode := range []TLS{None, StartTLS, Implicit} {
		t.Run(string(mode), func(t *testing.T) {
			listener := listen(t) // nobody accepts
			t.Cleanup(func() { require.NoError(t, listener.Close()) })
			s := &server{port: listener.Addr().(*net.TCPAddr).Port, mail: make(chan received)}
			o := options(s, mode)
			o.Timeout = 50 * time.Millisecond
			refused(t, s, newMailer(t, o).Send(t.Context(), welcome("en", "alice")))
		})
	}
}

func TestAContextThatHasEndedSendsNothing(t *testing.T) {
	s := serve(t, None, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := newMailer(t, options(s, None)).Send(ctx, welcome("en", "alice"))
	refused(t, s, err)
	require.ErrorIs(t, err, context.Canceled)
}

func TestAServerThatDoesNotSayGoodbyeHasTheMessage(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	s := serve(t, None, map[string]func(*smtp.Conn) error{atEnd: func(*smtp.Conn) error {
		<-release
		return nil
	}})
	o := options(s, None)
	o.Timeout = time.Hour
	require.NoError(t, newMailer(t, o).Send(t.Context(), welcome("en", "alice")))
	<-s.mail
}
