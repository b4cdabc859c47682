package minio

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"
	"time"

	miniogo "github.com/minio/minio-go/v7"
	"golang.org/x/sync/errgroup"
)

// Earlier versions kept all homes in one bucket, each below its user's access
// key, and in it, below ledger, an empty object for every grant: KEY/SESSION and
// the access key of the credentials. What follows brings both to this version.

const (
	ledger = ".accord/grants/"
	// moveTime bounds the copying of one object.
	moveTime = time.Hour
	// moveTogether bounds the objects that are moved at once.
	moveTogether = 8
)

// OldGrants calls do for every grant that an earlier version recorded in the
// storage, and deletes its record once do returned nil. Repeatable; it goes on
// where it ended. Errors are StorageFailed or do's.
func (s *Storage) OldGrants(ctx context.Context, do func(session, accessKey string) error) error {
	const op = "read old grants"
	for last := ""; ; {
		page, more, err := s.list(ctx, s.options.Bucket, ledger, last, pageSize)
		if codeOf(err) == codeNoBucket {
			return nil
		}
		if err != nil {
			return failed(op, err)
		}
		for _, record := range page {
			session, accessKey := path.Split(strings.TrimPrefix(record, ledger))
			if err := do(path.Base(session), accessKey); err != nil {
				return err
			}
			err := s.write(ctx, request{call: "delete old grant", method: http.MethodDelete, path: "/" + s.options.Bucket + "/" + record})
			if err != nil {
				return failed(op, err)
			}
			last = record
		}
		if !more {
			return nil
		}
	}
}

// keyOfOurs matches the access keys that Accord makes.
var keyOfOurs = regexp.MustCompile(`^acc[0-9]{14}$`)

// OldHomes counts the homes that MoveHomes has not moved. Errors are StorageFailed.
func (s *Storage) OldHomes(ctx context.Context) (int, error) {
	keys, err := s.oldHomes(ctx)
	return len(keys), failed("list old homes", err)
}

// oldHomes finds the access keys whose home lies in the common bucket.
func (s *Storage) oldHomes(ctx context.Context) ([]string, error) {
	var keys []string
	query := url.Values{"list-type": {"2"}, "delimiter": {"/"}, "prefix": {"acc"}}
	for {
		var page struct {
			XMLName      xml.Name `xml:"ListBucketResult"`
			EncodingType string
			IsTruncated  bool
			Next         string `xml:"NextContinuationToken"`
			Folders      []name `xml:"CommonPrefixes>Prefix"`
		}
		err := s.page(ctx, "list old homes", s.options.Bucket, query, &page)
		if codeOf(err) == codeNoBucket {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, folder := range page.Folders {
			plain, err := folder.plain(page.EncodingType)
			if key := strings.TrimSuffix(plain, "/"); err == nil && keyOfOurs.MatchString(key) {
				keys = append(keys, key)
			}
		}
		if !page.IsTruncated {
			return keys, nil
		}
		if page.Next == "" || page.Next == query.Get("continuation-token") {
			return nil, nonsense("list old homes", http.StatusOK, errors.New("the way to the next page is broken"), true)
		}
		query.Set("continuation-token", page.Next)
	}
}

// MoveHomes moves homes that an earlier version kept in one common bucket into
// buckets of their own, and calls moved with the number of objects of each. The
// names of objects stay. An object whose name the new bucket has already is
// deleted from the old one: it was replaced since. So is one that its user writes
// meanwhile. The contents go through this process. Versions and unfinished
// uploads stay behind. Repeatable; it goes on where it ended, and several
// callers may do it at once. Errors are StorageFailed.
func (s *Storage) MoveHomes(ctx context.Context, moved func(key string, objects int)) error {
	const op = "move homes"
	keys, err := s.oldHomes(ctx)
	if err != nil {
		return failed(op, err)
	}
	bare := newTransport(s.options.Timeout)
	bare.ResponseHeaderTimeout = moveTime
	defer bare.CloseIdleConnections()
	mover, err := newS3(s.options, s.wire.base, bare)
	if err != nil {
		return unknown(op, err)
	}
	for _, key := range keys {
		objects, err := s.moveHome(ctx, mover, key)
		if err != nil {
			return failed(op, after(err))
		}
		moved(key, objects)
	}
	return nil
}

func (s *Storage) moveHome(ctx context.Context, mover *miniogo.Client, key string) (objects int, err error) {
	if err := s.ensureBucket(ctx, s.options.homeBucket(key)); err != nil {
		return 0, err
	}
	for last := ""; ; {
		names, more, err := s.list(ctx, s.options.Bucket, key+"/", last, pageSize)
		if err != nil {
			return objects, err
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(moveTogether)
		for _, name := range names {
			group.Go(func() error { return s.moveObject(ctx, mover, s.options.homeBucket(key), name) })
			last = name
		}
		if err := group.Wait(); err != nil {
			return objects, err
		}
		objects += len(names)
		if !more {
			return objects, nil
		}
	}
}

// moveObject copies one object out of the common bucket, unless the new bucket
// has one of that name, and deletes the old one.
func (s *Storage) moveObject(ctx context.Context, mover *miniogo.Client, bucket, name string) error {
	const call = "move object"
	ctx, cancel := context.WithTimeout(ctx, moveTime)
	defer cancel()
	_, err := mover.StatObject(ctx, bucket, name, miniogo.StatObjectOptions{})
	if code := miniogo.ToErrorResponse(err).Code; code == miniogo.NoSuchKey {
		err = s.copyUnlessThere(ctx, mover, bucket, name)
	}
	var said miniogo.ErrorResponse
	_ = errors.As(err, &said) // what reading meets is wrapped by what writes
	switch said.Code {
	case miniogo.NoSuchKey: // another call moved it
		return nil
	case miniogo.PreconditionFailed: // its user has written one meanwhile
		err = nil
	}
	if err != nil {
		return s3Failure(call, err, false)
	}
	return s3Failure(call, mover.RemoveObject(ctx, s.options.Bucket, name, miniogo.RemoveObjectOptions{}), false)
}

// copyUnlessThere copies an object of the common bucket with all that belongs to
// it; PreconditionFailed if the bucket has one of that name by then. The content
// goes through here: a copy within MinIO knows no condition on its target.
func (s *Storage) copyUnlessThere(ctx context.Context, mover *miniogo.Client, bucket, name string) error {
	object, err := mover.GetObject(ctx, s.options.Bucket, name, miniogo.GetObjectOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = object.Close() }()
	stat, err := object.Stat()
	if err != nil {
		return err
	}
	tags, err := mover.GetObjectTagging(ctx, s.options.Bucket, name, miniogo.GetObjectTaggingOptions{})
	if err != nil {
		return err
	}
	options := miniogo.PutObjectOptions{
		UserMetadata: stat.UserMetadata, UserTags: tags.ToMap(), ContentType: stat.ContentType, Expires: stat.Expires,
		ContentEncoding: stat.Metadata.Get("Content-Encoding"), ContentDisposition: stat.Metadata.Get("Content-Disposition"),
		ContentLanguage: stat.Metadata.Get("Content-Language"), CacheControl: stat.Metadata.Get("Cache-Control"),
	}
	options.SetMatchETagExcept("*")
	_, err = mover.PutObject(ctx, bucket, name, object, stat.Size, options)
	return err
}
