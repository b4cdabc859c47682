package minio

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// always gives one answer to every request.
type always []byte

func (a always) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(a)), Request: r,
	}, nil
}

// FuzzUsers lists users from any answer, sealed or not: they are as the server
// says, or the error is refused and repeats nothing.
func FuzzUsers(f *testing.F) {
	const password app.Secret = "the-administrators-password"
	body := sealedWith(f, newSealer(password), suitePBKDF2AES, []byte(`{"acc1":{"status":"enabled","policyName":"accord-home"}}`))
	for _, plain := range []string{
		`{"acc1":{"status":"enabled","policyName":"accord-home"},"root":{}}`, `{}`, `null`, `[]`, `{"a":{"status":7}}`, `{"a"`, "",
	} {
		f.Add([]byte(plain), true)
		f.Add([]byte(plain), false)
	}
	for _, raw := range [][]byte{body, body[:headerSize], body[:len(body)-1], bytes.Repeat([]byte{2}, 200), bytes.Repeat([]byte{suitePBKDF2AES}, 70)} {
		f.Add(raw, false)
	}
	f.Fuzz(func(t *testing.T, answer []byte, seal bool) {
		plain := answer
		if seal {
			var err error
			answer, err = newSealer(password).seal(plain)
			require.NoError(t, err)
		} else if len(answer) > saltSize && answer[saltSize] < suitePBKDF2AES {
			answer = bytes.Clone(answer)
			answer[saltSize] = suitePBKDF2AES // the others only take longer
		}
		s, err := New(Options{
			Endpoint: "http://minio.test", Bucket: "homes", AdminUser: "admin", AdminPassword: password,
			Breaker: func(http.RoundTripper) http.RoundTripper { return always(answer) },
		})
		require.NoError(t, err)
		users, err := s.Users(t.Context())
		if err != nil {
			require.True(t, saga.IsRefused(err))
			require.Equal(t, app.StorageFailed, app.KindOf(err))
			require.Less(t, len(err.Error()), 200)
			return
		}
		require.True(t, seal || bytes.Equal(answer, body), "nobody else has the key")
		for key, u := range users {
			require.Equal(t, key, u.Key)
		}
	})
}
