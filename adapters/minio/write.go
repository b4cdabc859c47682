package minio

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// write sends a request that changes one object, as the administrator. S3
// answers a success with an empty body.
func (s *Storage) write(ctx context.Context, r request) error {
	r.sign = s.wire.signedS3(s.admin.as)
	got, err := s.wire.do(ctx, r)
	if err == nil && len(got.body) > 0 {
		return nonsense(r.call, http.StatusOK, errors.New("not an answer of S3"), false)
	}
	return err
}

// named reports whether every name is there and cannot be taken for a path or a
// hidden folder.
func named(names ...string) bool {
	for _, name := range names {
		if name == "" || name[0] == '.' || strings.Contains(name, "/") {
			return false
		}
	}
	return true
}
