package minio

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	// pageSize is the most that S3 lists at once.
	pageSize = 1000
	// maxPage bounds one page of a listing, in bytes: names are at most 1024
	// bytes long, each of which may take three.
	maxPage = 8 << 20
)

// name is an object's name as a listing gives it. Names may hold what XML
// cannot, so listings are asked for in the encoding of URLs.
type name string

// plain is the name itself; encoding is the one that the listing tells.
func (n name) plain(encoding string) (string, error) {
	if encoding != "url" {
		return string(n), nil
	}
	return url.QueryUnescape(string(n))
}

// list finds objects in a folder by name, in order: those after last, at most
// limit. more tells that there are further ones. An answer with others,
// which would be taken for the account's or never come to an end, is none.
func (s *Storage) list(ctx context.Context, bucket, prefix, last string, limit int) (names []string, more bool, err error) {
	const call = "list objects"
	var page struct {
		XMLName      xml.Name `xml:"ListBucketResult"`
		EncodingType string
		IsTruncated  bool
		Keys         []name `xml:"Contents>Key"`
	}
	query := url.Values{
		"list-type": {"2"}, "prefix": {prefix}, "start-after": {last}, "max-keys": {strconv.Itoa(limit)},
	}
	if err := s.page(ctx, call, bucket, query, &page); err != nil {
		return nil, false, err
	}
	for _, key := range page.Keys {
		plain, err := key.plain(page.EncodingType)
		if err != nil || !strings.HasPrefix(plain, prefix) || plain <= last {
			return nil, false, nonsense(call, http.StatusOK, errors.New("a name in it is broken or out of place"), true)
		}
		names, last = append(names, plain), plain
	}
	if len(names) > limit || page.IsTruncated && len(names) == 0 {
		return nil, false, nonsense(call, http.StatusOK, errors.New("a page too long, or empty and not the last"), true)
	}
	return names, page.IsTruncated, nil
}

// page asks for one page of a listing; out is a struct with an XMLName, so that
// nothing but that listing will do.
func (s *Storage) page(ctx context.Context, call, bucket string, query url.Values, out any) error {
	query.Set("encoding-type", "url")
	got, err := s.wire.do(ctx, request{
		call: call, method: http.MethodGet, path: "/" + bucket, query: query,
		sign: s.wire.signedS3(s.admin.as), readOnly: true, limit: maxPage,
	})
	if err != nil {
		return err
	}
	if xml.Unmarshal(got.body, out) != nil {
		return nonsense(call, http.StatusOK, errors.New("not the list that was expected"), true)
	}
	return nil
}

// CountObjects is that of app.Storage. Versions that were replaced or deleted do
// not count.
func (s *Storage) CountObjects(ctx context.Context, key string, limit int) (int, error) {
	const op = "count objects"
	if !named(key) {
		return 0, refused(op, errNames)
	}
	count := 0
	// The last is where earlier versions kept the home.
	for _, bucket := range []string{s.options.homeBucket(key), s.options.Bucket} {
		n, err := s.count(ctx, bucket, key+"/", limit-count)
		if err != nil && codeOf(err) != codeNoBucket {
			return 0, failed(op, err)
		}
		count += n
	}
	return count, nil
}

// count counts the objects in a folder, stopping at limit.
func (s *Storage) count(ctx context.Context, bucket, folder string, limit int) (int, error) {
	count, last := 0, ""
	for count < limit {
		names, more, err := s.list(ctx, bucket, folder, last, min(limit-count, pageSize))
		if err != nil {
			return 0, err
		}
		count += len(names)
		if !more {
			break
		}
		last = names[len(names)-1]
	}
	return count, nil
}
