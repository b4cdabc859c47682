package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/cmd/accord/internal/config"
)

// asked is an app.Pictures that answers with the address it is asked for.
type asked struct{ app.Pictures }

func (asked) Fetch(_ context.Context, address string) ([]byte, error) { return []byte(address), nil }

// TestOurPicturesAreFetchedNearby: what clients know under the public address is
// fetched at ours, and nothing else is.
func TestOurPicturesAreFetchedNearby(t *testing.T) {
	p := nearPictures{asked{}, "https://files.example.com/accord-public/", "http://minio:9000/"}
	for address, want := range map[string]string{
		"https://files.example.com/accord-public/2603/a%20b.png": "http://minio:9000/accord-public/2603/a%20b.png",
		"https://files.example.com/accord/secret.png":            "https://files.example.com/accord/secret.png",
		"https://files.example.com.evil.com/accord-public/a.png": "https://files.example.com.evil.com/accord-public/a.png",
		"https://img.example.com/a.png":                          "https://img.example.com/a.png",
		"::":                                                     "::",
	} {
		got, err := p.Fetch(t.Context(), address)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
}

// TestPictureSettings: hosts that are none are found before anything starts.
func TestPictureSettings(t *testing.T) {
	c := config.Default()
	c.Storage.Endpoint = "http://localhost:9000"
	_, err := newPictures(c)
	require.NoError(t, err)
	c.Picture.AllowedHosts = []string{"127.0.0.1"}
	_, err = newPictures(c)
	require.ErrorContains(t, err, "must be a name")
}
