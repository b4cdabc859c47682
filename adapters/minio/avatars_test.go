package minio_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/adaptertest"
	"accord/app"
)

func TestAvatarsAsABrowserSeesThem(t *testing.T) {
	s, _ := ready(t)
	drawn, failing := 0, errors.New("no more ink")
	var fault error
	draw := func(n int) ([]byte, error) {
		drawn++
		if n == app.GeneratedAvatars-1 && fault != nil {
			return nil, fault
		}
		return adaptertest.Picture(t, 1+n), nil
	}
	fault = failing
	require.ErrorIs(t, s.EnsureAvatars(t.Context(), draw), failing)
	drawn, fault = 0, nil
	for range 2 {
		require.NoError(t, s.EnsureAvatars(t.Context(), draw))
		require.Equal(t, app.GeneratedAvatars, drawn, "drawn again after a failure, and then no more")
	}
	for _, n := range []int{0, app.GeneratedAvatars - 1} {
		got := anonymous(t, http.MethodGet, s.PicturesURL()+app.GeneratedAvatar(n))
		require.Equal(t, http.StatusOK, got.status)
		require.Equal(t, adaptertest.Picture(t, 1+n), got.body)
		require.Equal(t, "image/png", got.header.Get("Content-Type"))
	}
	page, _, err := s.Pictures(t.Context(), "", 1000)
	require.NoError(t, err)
	require.Empty(t, page, "they are nobody's uploads")
}
