package minio

import (
	"context"
	"errors"
	"net/http"
	"path"
	"strings"
)

// A server that was started anew knows temporary credentials only once somebody
// names their access key, and revoking silently passes over what it does not
// know. So each grant leaves an empty object that bears its access key's name,
// outside of every home: the ledger. Before it revokes, the adapter names them.
const ledger = ".accord/grants/"

// maxEntries is more than one user ever has.
const maxEntries = 100_000

// enter writes a grant down.
func (s *Storage) enter(ctx context.Context, key, session, accessKeyID string) error {
	return s.object(ctx, http.MethodPut, "write down grant", ledger+path.Join(key, session, accessKeyID))
}

// entries finds what was written down below that path: a user's, or one of its
// sessions'.
func (s *Storage) entries(ctx context.Context, below ...string) ([]string, error) {
	var found []string
	for last := ""; ; {
		page, more, err := s.list(ctx, ledger+path.Join(below...)+"/", last, pageSize)
		if err != nil {
			return nil, err
		}
		found = append(found, page...)
		switch {
		case !more:
			return found, nil
		case len(found) > maxEntries:
			return nil, nonsense("list grants", http.StatusOK, errors.New("there is no end to them"), true)
		}
		last = page[len(page)-1]
	}
}

// awaken makes the server load the credentials of these entries. Whether they
// still exist it does not say: to this call they are no users.
func (s *Storage) awaken(ctx context.Context, entries []string) error {
	for _, entry := range entries {
		if _, err := s.admin.userInfo(ctx, path.Base(entry)); err != nil && codeOf(err) != codeNoUser {
			return err
		}
	}
	return nil
}

// strike removes entries whose credentials are dead.
func (s *Storage) strike(ctx context.Context, entries []string) error {
	for _, entry := range entries {
		if err := s.object(ctx, http.MethodDelete, "strike out grant", entry); err != nil {
			return err
		}
	}
	return nil
}

// object puts an empty object, or deletes one.
func (s *Storage) object(ctx context.Context, method, call, name string) error {
	return s.write(ctx, request{call: call, method: method, path: "/" + s.options.Bucket + "/" + name})
}

// write sends a request that changes one object, as the administrator. S3 has
// nothing to say to those that succeed.
func (s *Storage) write(ctx context.Context, r request) error {
	r.sign = s.wire.signedS3(s.admin.as)
	got, err := s.wire.do(ctx, r)
	if err == nil && len(got.body) > 0 {
		return nonsense(r.call, http.StatusOK, errors.New("not an answer of S3"), false)
	}
	return err
}

// end kills the credentials that are entered below that path, by revoke, and
// strikes them out. It revokes even where nothing is entered: a grant that was
// made but not written down may still be known to the server.
func (s *Storage) end(ctx context.Context, revoke func() error, below ...string) error {
	entries, err := s.entries(ctx, below...)
	if err != nil {
		return err
	}
	if err := s.awaken(ctx, entries); err != nil {
		return err
	}
	if err := revoke(); err != nil {
		return err
	}
	if err := s.strike(ctx, entries); err != nil {
		return after(err)
	}
	return nil
}

// named reports whether every name is there and cannot be taken for a path, nor
// for a folder of our own.
func named(names ...string) bool {
	for _, name := range names {
		if name == "" || name[0] == '.' || strings.Contains(name, "/") {
			return false
		}
	}
	return true
}
