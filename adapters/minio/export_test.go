package minio

import (
	"context"
	"encoding/json"
	"net/http"

	miniogo "github.com/minio/minio-go/v7"

	"accord/app"
)

// AddAccessKey makes a lasting access key below a user, as an administrator can.
func (s *Storage) AddAccessKey(ctx context.Context, parent, accessKey string, secret app.Secret) error {
	plain, err := json.Marshal(map[string]string{"targetUser": parent, "accessKey": accessKey, "secretKey": secret.Reveal(), "name": accessKey})
	if err != nil {
		return err
	}
	body, err := s.admin.seal.seal(plain)
	if err != nil {
		return err
	}
	_, err = s.wire.do(ctx, request{
		call: "add-service-account", method: http.MethodPut, path: adminPath + "add-service-account", body: body,
		sign: s.wire.signedS3(s.admin.as),
	})
	return err
}

// CopyUnlessThere copies an object of the common bucket, as MoveHomes does after
// it has seen that the home has none of that name.
func (s *Storage) CopyUnlessThere(ctx context.Context, mover *miniogo.Client, key, name string) error {
	return s.copyUnlessThere(ctx, mover, s.options.homeBucket(key), name)
}
