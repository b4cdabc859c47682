// Package minio keeps accounts' homes on a server that speaks S3, STS and
// MinIO's admin interface.
//
// Each home is a bucket of its own, in which objects lie below the user's access
// key; one policy, which names the bucket and the folder by a variable, opens to
// each user its own and nothing else.
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
	// The user exists by now.
	if err := s.admin.setPolicy(ctx, key, s.options.PolicyName); err != nil {
		return failed(op, after(err))
	}
	return failed(op, after(s.makeBucket(ctx, s.options.homeBucket(key))))
}

// RemoveUser is that of app.Storage. Absent means absent from the server's disk.
// The server keeps temporary credentials of a removed user, dead until a user
// of that key exists again; so they are revoked, once no further ones can be
// made.
func (s *Storage) RemoveUser(ctx context.Context, key string) error {
	const op = "remove storage user"
	if !named(key) {
		return refused(op, errNames)
	}
	if err := s.removeUser(ctx, key); err != nil {
		return failed(op, err)
	}
	if err := s.dropBucket(ctx, s.options.homeBucket(key)); codeOf(err) != codeNotEmpty { // objects stay
		return failed(op, after(err))
	}
	return nil
}

func (s *Storage) removeUser(ctx context.Context, key string) error {
	remove := func() error { return s.admin.removeUser(ctx, key) }
	if err := s.admin.onDisk(ctx, key, remove); err != nil && codeOf(err) != codeNoUser {
		return err
	}
	return after(s.admin.revokeAll(ctx, key)) // the user is gone by now
}

// SetActive is that of app.Storage. The server holds temporary credentials to
// the status of their user at each request.
func (s *Storage) SetActive(ctx context.Context, key string, active bool) error {
	const op = "set status of storage user"
	if !named(key) {
		return refused(op, errNames)
	}
	err := s.setStatus(ctx, key, active)
	if !active && codeOf(err) == codeNoUser {
		return nil
	}
	return failed(op, err)
}

func (s *Storage) setStatus(ctx context.Context, key string, active bool) error {
	return s.admin.onDisk(ctx, key, func() error { return s.admin.setStatus(ctx, key, active) })
}

// Revoke implements app.Storage. A server that restarted has a temporary
// credential in memory only after a request named its access key, and revoking
// passes over those it does not have. So the access key is looked up first.
func (s *Storage) Revoke(ctx context.Context, key, session, accessKey string) error {
	const op = "revoke storage credentials"
	if !named(key, session) {
		return refused(op, errNames)
	}
	if accessKey != "" { // to the lookup, a temporary credential is no user
		if _, err := s.admin.userInfo(ctx, accessKey); err != nil && codeOf(err) != codeNoUser {
			return failed(op, err)
		}
	}
	return failed(op, s.admin.revoke(ctx, key, session))
}
