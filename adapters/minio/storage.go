// Package minio keeps accounts' homes on a server that speaks S3, STS and
// MinIO's admin interface.
//
// All homes lie in one bucket, each under its user's access key; one policy,
// which names its user by a variable, opens to each its own and nothing else.
package minio

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	miniogo "github.com/minio/minio-go/v7"

	"accord/app"
)

// Storage is the object storage of real users: app.Storage and app.Files over a
// server. Safe for concurrent use.
type Storage struct {
	options Options
	wire    *wire
	admin   *admin
	s3      *miniogo.Client
	// pinger goes past the breaker.
	pinger    *miniogo.Client
	transport *http.Transport
}

var (
	_ app.Storage = (*Storage)(nil)
	_ app.Files   = (*Storage)(nil)
)

var (
	errExists  = fmt.Errorf("%w: its access key is in use; that user was left alone", app.ErrIDTaken)
	errShutOut = errors.New("the user is shut out, and would be let in")
	errNames   = errors.New("the access key, the session or the account is empty, has a slash or begins with a dot")
)

// Close drops pooled connections that are idle. The adapter stays usable.
func (s *Storage) Close() { s.transport.CloseIdleConnections() }

// CreateUser is that of app.Storage. It looks before it writes, for the server
// would silently give an existing user the new secret; two calls for one key at
// the same time can both find it free, which distinct account ids rule out.
func (s *Storage) CreateUser(ctx context.Context, key string, secret app.Secret) error {
	const op = "create storage user"
	if !named(key) {
		return refused(op, errNames)
	}
	switch _, err := s.admin.userInfo(ctx, key); {
	case err == nil:
		return refused(op, errExists)
	case codeOf(err) != codeNoUser:
		return failed(op, err)
	}
	if err := s.admin.addUser(ctx, key, secret); err != nil {
		return failed(op, err)
	}
	if err := s.admin.setPolicy(ctx, key, s.options.PolicyName); err != nil {
		return failed(op, after(err)) // the user exists by now
	}
	return nil
}

// RemoveUser is that of app.Storage. The server keeps temporary credentials of
// a removed user, dead until a user of that key exists again; so they are
// revoked, once no further ones can be made.
func (s *Storage) RemoveUser(ctx context.Context, key string) error {
	const op = "remove storage user"
	if !named(key) {
		return refused(op, errNames)
	}
	return failed(op, s.removeUser(ctx, key))
}

func (s *Storage) removeUser(ctx context.Context, key string) error {
	if err := s.admin.removeUser(ctx, key); err != nil && codeOf(err) != codeNoUser {
		return err
	}
	revokeAll := func() error { return s.admin.revokeAll(ctx, key) }
	return after(s.end(ctx, revokeAll, key)) // the user is gone by now
}

// SetActive is that of app.Storage. The server holds temporary credentials to
// the status of their user at each request.
func (s *Storage) SetActive(ctx context.Context, key string, active bool) error {
	const op = "set status of storage user"
	if !named(key) {
		return refused(op, errNames)
	}
	err := s.admin.setStatus(ctx, key, active)
	if !active && codeOf(err) == codeNoUser {
		return nil
	}
	return failed(op, err)
}

// Revoke is that of app.Storage.
func (s *Storage) Revoke(ctx context.Context, key, session string) error {
	const op = "revoke storage credentials"
	if !named(key, session) {
		return refused(op, errNames)
	}
	revoke := func() error { return s.admin.revoke(ctx, key, session) }
	return failed(op, s.end(ctx, revoke, key, session))
}
