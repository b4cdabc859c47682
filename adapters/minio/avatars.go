package minio

import (
	"context"
	"net/http"

	miniogo "github.com/minio/minio-go/v7"

	"accord/app"
)

// EnsureAvatars stores the generated pictures in the public bucket, in order, if
// the last of them is missing; draw returns one as a PNG. Idempotent. Errors are
// StorageFailed.
func (s *Storage) EnsureAvatars(ctx context.Context, draw func(n int) ([]byte, error)) error {
	const op = "store generated pictures"
	found, err := s.hasAvatar(ctx, app.GeneratedAvatars-1)
	if err != nil || found {
		return failed(op, err)
	}
	for n := range app.GeneratedAvatars {
		png, err := draw(n)
		if err == nil {
			err = s.write(ctx, request{
				call: op, method: http.MethodPut, path: "/" + s.options.publicBucket() + "/" + app.GeneratedAvatar(n),
				body: png, contentType: "image/png", cacheControl: "public, max-age=86400",
			})
		}
		if err != nil {
			return failed(op, err)
		}
	}
	return nil
}

func (s *Storage) hasAvatar(ctx context.Context, n int) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	_, err := s.s3.StatObject(ctx, s.options.publicBucket(), app.GeneratedAvatar(n), miniogo.StatObjectOptions{})
	if miniogo.ToErrorResponse(err).StatusCode == http.StatusNotFound {
		return false, nil
	}
	return err == nil, s3Failure("find a generated picture", err, true)
}
