package minio

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// A server that was started anew knows temporary credentials only once somebody
// names their access key, and revoking silently passes over what it does not
// know. So each grant leaves an empty object that bears its access key's name,
// outside of every home: the ledger. Before it revokes, the adapter names them.
const (
	ledger = ".accord/grants/"
	// pageSize is the most that S3 lists at once.
	pageSize = 1000
)

// enter writes a grant down.
func (s *Storage) enter(ctx context.Context, key, session, accessKeyID string) error {
	return s.object(ctx, http.MethodPut, "write down grant", ledger+path.Join(key, session, accessKeyID))
}

// entries finds what was written down below that path: a user's, or one of its
// sessions'.
func (s *Storage) entries(ctx context.Context, below ...string) ([]string, error) {
	var found []string
	for last := ""; ; {
		page, err := s.entriesAfter(ctx, last, ledger+path.Join(below...)+"/")
		if err != nil {
			return nil, err
		}
		found = append(found, page...)
		if len(page) < pageSize {
			return found, nil
		}
		last = page[len(page)-1]
	}
}

func (s *Storage) entriesAfter(ctx context.Context, last, prefix string) ([]string, error) {
	r := request{
		call: "look up grants", method: http.MethodGet, path: "/" + s.options.Bucket,
		query: url.Values{
			"list-type": {"2"}, "prefix": {prefix}, "start-after": {last}, "max-keys": {strconv.Itoa(pageSize)},
		},
		sign: s.wire.signedS3(s.admin.as), readOnly: true,
	}
	got, err := s.wire.do(ctx, r)
	if err != nil {
		return nil, err
	}
	var list struct {
		XMLName xml.Name `xml:"ListBucketResult"`
		Keys    []string `xml:"Contents>Key"`
	}
	if xml.Unmarshal(got.body, &list) != nil {
		return nil, nonsense(r.call, http.StatusOK, errors.New("not the list that was expected"), true)
	}
	return list.Keys, nil
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
	got, err := s.wire.do(ctx, request{
		call: call, method: method, path: "/" + s.options.Bucket + "/" + name, sign: s.wire.signedS3(s.admin.as),
	})
	if err == nil && len(got.body) > 0 {
		return nonsense(call, http.StatusOK, errors.New("not an answer of S3"), false)
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

// named reports whether every name is there and cannot be taken for a path.
func named(names ...string) bool {
	for _, name := range names {
		if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
			return false
		}
	}
	return true
}
