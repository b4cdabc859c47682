package minio_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func BenchmarkCreateUser(b *testing.B) {
	s, _ := ready(b)
	for b.Loop() {
		require.NoError(b, s.CreateUser(b.Context(), newKey(b), secret))
	}
}

func BenchmarkGrant(b *testing.B) {
	s, _ := ready(b)
	key := newUser(b, s)
	for b.Loop() {
		_, err := s.Grant(b.Context(), key, secret, newKey(b), time.Hour)
		require.NoError(b, err)
	}
}

// BenchmarkRevoke ends sessions of one user that has a hundred others.
func BenchmarkRevoke(b *testing.B) {
	s, _ := ready(b)
	key := newUser(b, s)
	for range 100 {
		newGrant(b, s, key, newKey(b))
	}
	for b.Loop() {
		b.StopTimer()
		session := newKey(b)
		newGrant(b, s, key, session)
		b.StartTimer()
		require.NoError(b, s.Revoke(b.Context(), key, session, ""))
	}
}

func BenchmarkPing(b *testing.B) {
	s, _ := ready(b)
	for b.Loop() {
		require.NoError(b, s.Ping(b.Context()))
	}
}
