package main

import (
	"context"
	"net/url"
	"strings"

	"accord/adapters/minio"
	"accord/adapters/picture"
	"accord/app"
	"accord/cmd/accord/internal/config"
)

func newPictures(c config.Config) (*picture.Pictures, error) {
	return picture.New(picture.Options{
		Stores: []string{c.Storage.Endpoint}, Hosts: c.Picture.AllowedHosts, Timeout: c.Picture.Timeout, Decoders: c.Picture.Decoders,
	})
}

// nearPictures fetches our own pictures by Accord's way to the storage; clients
// may know it under an address that leads nowhere from here.
type nearPictures struct {
	app.Pictures
	// public begins the URL of each of our pictures; near is the storage, for us.
	public, near string
}

// Fetch is that of app.Pictures.
func (p nearPictures) Fetch(ctx context.Context, address string) ([]byte, error) {
	if u, err := url.Parse(address); err == nil && strings.HasPrefix(address, p.public) {
		address = strings.TrimSuffix(p.near, "/") + u.EscapedPath()
	}
	return p.Pictures.Fetch(ctx, address)
}

// ensureStorage prepares the storage for everything that is common to all
// accounts. Idempotent.
func ensureStorage(ctx context.Context, storage *minio.Storage) error {
	if err := storage.EnsureHome(ctx); err != nil {
		return err
	}
	return storage.EnsureAvatars(ctx, picture.Avatar)
}
