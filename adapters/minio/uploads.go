package minio

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"accord/app"
)

var _ app.StoredPictures = (*Storage)(nil)

// pictureName matches what PutPicture calls a picture.
var pictureName = regexp.MustCompile(`^[^./][^/]*/[0-9a-f]{64}\.png$`)

var errPictureName = errors.New("not the name of a picture")

// Pictures implements app.StoredPictures.
func (s *Storage) Pictures(ctx context.Context, after string, limit int) (page []app.StoredPicture, next string, err error) {
	const op = "list pictures"
	var list struct {
		XMLName      xml.Name `xml:"ListBucketResult"`
		EncodingType string
		IsTruncated  bool
		Contents     []struct {
			Key          name
			LastModified time.Time
		}
	}
	query := url.Values{"list-type": {"2"}, "start-after": {after}, "max-keys": {strconv.Itoa(min(limit, pageSize))}}
	if err := s.page(ctx, op, s.options.publicBucket(), query, &list); err != nil {
		return nil, "", failed(op, err)
	}
	last := after
	for _, object := range list.Contents {
		plain, err := object.Key.plain(list.EncodingType)
		if err != nil || plain <= last {
			return nil, "", failed(op, nonsense(op, http.StatusOK, errors.New("a name in it is broken or out of place"), true))
		}
		last = plain
		if account, _, _ := strings.Cut(plain, "/"); pictureName.MatchString(plain) {
			page = append(page, app.StoredPicture{Name: plain, AccountID: account, StoredAt: object.LastModified})
		}
	}
	if list.IsTruncated && last != after {
		next = last
	}
	return page, next, nil
}

// RemovePicture implements app.StoredPictures.
func (s *Storage) RemovePicture(ctx context.Context, name string) error {
	const op = "remove picture"
	if !pictureName.MatchString(name) {
		return refused(op, errPictureName)
	}
	return failed(op, s.wipe(ctx, s.options.publicBucket(), name))
}
