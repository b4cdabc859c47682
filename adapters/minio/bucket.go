package minio

import (
	"context"
	"net/http"
)

const (
	codeNoBucket = "NoSuchBucket"
	codeNotEmpty = "BucketNotEmpty"
)

// dropBucket deletes the bucket if it is there. One with objects stays:
// codeNotEmpty.
func (s *Storage) dropBucket(ctx context.Context, bucket string) error {
	err := s.write(ctx, request{call: "delete bucket", method: http.MethodDelete, path: "/" + bucket})
	switch codeOf(err) {
	case codeNoBucket:
		return nil
	case "ClientDisconnected": // the server's answer if another call deletes it at the same time
		if found, lookErr := s.hasBucket(ctx, s.s3, bucket); lookErr == nil && !found {
			return nil
		}
	}
	return err
}
