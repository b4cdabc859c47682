package minio

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	miniogo "github.com/minio/minio-go/v7"
)

// wipeBatch is how many versions are deleted by one request, few enough for a
// slow server to finish within the time limit.
const wipeBatch = 250

// PurgeUser is that of app.Storage. The user is shut out first, so that nothing
// is added behind the purge.
func (s *Storage) PurgeUser(ctx context.Context, key string) error {
	const op = "purge storage user"
	if !named(key) {
		return refused(op, errNames)
	}
	if err := s.setStatus(ctx, key, false); err != nil && codeOf(err) != codeNoUser {
		return failed(op, err)
	}
	return failed(op, after(s.purge(ctx, key))) // the user is shut out by now
}

func (s *Storage) purge(ctx context.Context, key string) error {
	// Earlier versions kept the home in the common bucket, from where it may be
	// moving into the user's: what is on its way is met in the second.
	for _, bucket := range []string{s.options.Bucket, s.options.homeBucket(key)} {
		err := s.empty(ctx, bucket, key+"/")
		if err == nil {
			continue
		}
		// Without the bucket there is nothing to delete; another call may have
		// deleted it meanwhile.
		if _, gone := s.versions(ctx, bucket, key+"/"); codeOf(gone) != codeNoBucket {
			return err
		}
	}
	if err := s.removeUser(ctx, key); err != nil {
		return err
	}
	return after(s.dropBucket(ctx, s.options.homeBucket(key)))
}

// empty deletes the objects and the unfinished uploads of a folder.
func (s *Storage) empty(ctx context.Context, bucket, folder string) error {
	if err := s.wipe(ctx, bucket, folder); err != nil {
		return err
	}
	return s.abortUploads(ctx, bucket, folder)
}

// wipe deletes every version of every object in a folder. The folder ends with a
// slash, lest it reach those whose names merely begin alike. Repeated, it goes
// on where it ended.
func (s *Storage) wipe(ctx context.Context, bucket, folder string) error {
	found, err := s.versions(ctx, bucket, folder)
	if err != nil {
		return err
	}
	for len(found) > 0 {
		if err := s.deleteVersions(ctx, bucket, found); err != nil {
			return after(err)
		}
		left, err := s.versions(ctx, bucket, folder)
		if err != nil {
			return after(err)
		}
		if len(left) > 0 && left[0].Key == found[0].Key && left[0].VersionID == found[0].VersionID {
			return &failure{call: "delete objects", cause: errors.New("what was deleted is still there")}
		}
		found = left
	}
	return nil
}

type version struct {
	Key       name
	VersionID string `xml:"VersionId"`
}

// versions finds the first versions and delete markers in a folder.
func (s *Storage) versions(ctx context.Context, bucket, folder string) ([]miniogo.ObjectInfo, error) {
	const call = "list versions"
	var page struct {
		XMLName      xml.Name `xml:"ListVersionsResult"`
		EncodingType string
		Versions     []version `xml:"Version"`
		Markers      []version `xml:"DeleteMarker"`
	}
	query := url.Values{"versions": {""}, "prefix": {folder}, "max-keys": {strconv.Itoa(wipeBatch)}}
	if err := s.page(ctx, call, bucket, query, &page); err != nil {
		return nil, err
	}
	var found []miniogo.ObjectInfo
	for _, v := range append(page.Versions, page.Markers...) {
		key, err := v.Key.plain(page.EncodingType)
		if err != nil || !strings.HasPrefix(key, folder) {
			return nil, nonsense(call, http.StatusOK, errors.New("a name in it is broken or out of place"), true)
		}
		found = append(found, miniogo.ObjectInfo{Key: key, VersionID: v.VersionID})
	}
	return found, nil
}

// deleteVersions deletes one batch. That none could be deleted is an error even
// where the server gave no reason, so that nobody tries for ever.
func (s *Storage) deleteVersions(ctx context.Context, bucket string, found []miniogo.ObjectInfo) error {
	const call = "delete objects"
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	results, err := s.s3.RemoveObjectsWithIter(ctx, bucket, slices.Values(found), miniogo.RemoveObjectsOptions{})
	if err != nil {
		return s3Failure(call, err, false)
	}
	deleted := 0
	for result := range results {
		answered := miniogo.ToErrorResponse(result.Err)
		switch {
		case result.Err == nil:
			deleted++
		case answered.Code != "" && answered.StatusCode == 0: // of one object, whose name the text repeats
			return &failure{call: call, cause: errors.New("an object was kept: " + plainWord(answered.Code))}
		default:
			return s3Failure(call, result.Err, false)
		}
	}
	if deleted == 0 {
		return &failure{call: call, cause: errors.Join(errors.New("no object was deleted"), ctx.Err())}
	}
	return nil
}

// uploads is one page of a listing of unfinished uploads.
type uploads struct {
	XMLName            xml.Name `xml:"ListMultipartUploadsResult"`
	EncodingType       string
	IsTruncated        bool
	NextKeyMarker      name
	NextUploadIDMarker string `xml:"NextUploadIdMarker"`
	Uploads            []struct {
		Key      name
		UploadID string `xml:"UploadId"`
	} `xml:"Upload"`
}

// abortUploads gives up unfinished uploads in a folder. MinIO takes a prefix
// here for an object's whole name, so those of the whole bucket are looked
// through. It lists what was begun at the asked server since that started; the
// rest nobody can finish without its user, and the server drops it in a day.
func (s *Storage) abortUploads(ctx context.Context, bucket, folder string) error {
	const call = "list uploads"
	for query := (url.Values{"uploads": {""}}); ; {
		var page uploads
		if err := s.page(ctx, call, bucket, query, &page); err != nil {
			return err
		}
		for _, upload := range page.Uploads {
			key, err := upload.Key.plain(page.EncodingType)
			if err != nil {
				return nonsense(call, http.StatusOK, errors.New("a name in it is broken"), true)
			}
			if !strings.HasPrefix(key, folder) {
				continue
			}
			if err := s.abort(ctx, bucket, key, upload.UploadID); err != nil {
				return err
			}
		}
		if !page.IsTruncated {
			return nil
		}
		marker, err := page.NextKeyMarker.plain(page.EncodingType)
		before := query.Get("key-marker")
		if same := marker == before && page.NextUploadIDMarker == query.Get("upload-id-marker"); err != nil || same || marker < before {
			return nonsense(call, http.StatusOK, errors.New("the way to the next page is broken"), true)
		}
		query.Set("key-marker", marker)
		query.Set("upload-id-marker", page.NextUploadIDMarker)
	}
}

func (s *Storage) abort(ctx context.Context, bucket, key, upload string) error {
	err := s.write(ctx, request{
		call: "abort upload", method: http.MethodDelete, path: "/" + bucket + "/" + key,
		query: url.Values{"uploadId": {upload}},
	})
	if codeOf(err) == "NoSuchUpload" {
		return nil
	}
	return err
}
