package minio

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
)

// A picture lies in the public bucket under ACCOUNT/SHA-256.png. Its name is
// made from its content, so a URL never comes to mean another picture, and
// whoever does not know the picture cannot guess it.

// PutPicture is that of app.Files.
func (s *Storage) PutPicture(ctx context.Context, accountID string, png []byte) (string, error) {
	const op = "store picture"
	if !named(accountID) {
		return "", refused(op, errNames)
	}
	sum := sha256.Sum256(png)
	file := hex.EncodeToString(sum[:]) + ".png"
	err := s.write(ctx, request{
		call: "put picture", method: http.MethodPut, path: "/" + s.options.publicBucket() + "/" + accountID + "/" + file,
		body: png, contentType: "image/png", cacheControl: "public, max-age=31536000, immutable",
	})
	if err != nil {
		return "", failed(op, err)
	}
	return s.PicturesURL() + url.PathEscape(accountID) + "/" + file, nil
}

// RemovePictures is that of app.Files. Caches on the way may keep a picture.
func (s *Storage) RemovePictures(ctx context.Context, accountID string) error {
	const op = "remove pictures"
	if !named(accountID) {
		return refused(op, errNames)
	}
	return failed(op, s.wipe(ctx, s.options.publicBucket(), accountID+"/"))
}

// PicturesURL is what the URL of every picture begins with; it ends with a slash.
func (s *Storage) PicturesURL() string {
	return strings.TrimSuffix(s.options.PublicEndpoint, "/") + "/" + s.options.publicBucket() + "/"
}
