package mail

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPingSignsInAndSendsNothing(t *testing.T) {
	for _, mode := range []TLS{None, StartTLS, Implicit} {
		t.Run(string(mode), func(t *testing.T) {
			s := serve(t, mode, nil)
			o := options(s, mode)
			require.NoError(t, newMailer(t, o).Ping(t.Context()))
			<-s.ended
			require.Empty(t, s.mail)

			if mode != None {
				o.Password = "wrong"
				refused(t, s, newMailer(t, o).Ping(t.Context()))
			}
		})
	}
}

func TestPingEndsWithItsContext(t *testing.T) {
	s := serve(t, None, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := newMailer(t, options(s, None)).Ping(ctx)
	refused(t, s, err)
	require.ErrorIs(t, err, context.Canceled)
}
