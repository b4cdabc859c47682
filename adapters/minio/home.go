package minio

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
	miniogo "github.com/minio/minio-go/v7"
)

// EnsureHome creates the policy of all homes, and the public bucket with its
// policy, if they are missing, and replaces a policy that differs from the one
// of this version. Idempotent; several replicas may call it at once. It waits,
// until ctx ends, for a server that is still starting. Errors are StorageFailed.
func (s *Storage) EnsureHome(ctx context.Context) error {
	pause := &backoff.ExponentialBackOff{InitialInterval: 50 * time.Millisecond, Multiplier: 2, MaxInterval: time.Second}
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := s.ensureHome(ctx)
		if err != nil && codeOf(err) != "XMinioServerNotInitialized" {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pause), backoff.WithMaxElapsedTime(0))
	if err != nil {
		return unknown("prepare storage", err)
	}
	return nil
}

func (s *Storage) ensureHome(ctx context.Context) error {
	if err := s.admin.started(ctx); err != nil {
		return err
	}
	same, err := s.policyIsOurs(ctx)
	if err == nil && !same {
		err = s.admin.putPolicy(ctx, s.options.PolicyName, homePolicy(s.options.Bucket))
	}
	if err != nil {
		return err
	}
	return s.ensurePublic(ctx)
}

func (s *Storage) ensureBucket(ctx context.Context, bucket string) error {
	found, err := s.hasBucket(ctx, s.s3, bucket)
	if err != nil || found {
		return err
	}
	return s.makeBucket(ctx, bucket)
}

// makeBucket creates the bucket; one of our own that exists is not an error.
func (s *Storage) makeBucket(ctx context.Context, bucket string) error {
	err := s.write(ctx, request{call: "make bucket", method: http.MethodPut, path: "/" + bucket})
	if codeOf(err) == "BucketAlreadyOwnedByYou" {
		return nil
	}
	return err
}

func (s *Storage) hasBucket(ctx context.Context, by *miniogo.Client, bucket string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	found, err := by.BucketExists(ctx, bucket)
	return found, s3Failure("find bucket", err, true)
}

// policyIsOurs reports whether the server holds exactly our policy.
func (s *Storage) policyIsOurs(ctx context.Context) (bool, error) {
	found, err := s.admin.policy(ctx, s.options.PolicyName)
	if codeOf(err) == "XMinioAdminNoSuchPolicy" {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return samePolicy(found, homePolicy(s.options.Bucket)), nil
}

// resource begins the name of a bucket, or of objects in it, in a policy.
const resource = "arn:aws:s3:::"

type policyDocument struct {
	Version   string
	Statement []statement
}

type statement struct {
	Effect    string
	Principal map[string][]string `json:",omitempty"`
	Action    []string
	Resource  []string `json:",omitempty"`
}

// homePolicy lets each user list its own bucket and its unfinished uploads, and
// read, write, tag and delete objects below its access key. The variable is the
// parent user for temporary credentials too.
//
// It has no condition on what is listed: the server takes the value of a
// condition from a header or a parameter of the same name in other letter case
// (Prefix) and lists by another (prefix), so a condition cannot keep apart homes
// that share a bucket. GetBucketPolicy is what the server asks for to read an
// ACL. Nothing of the admin interface: by default a user, its temporary
// credentials too, may create access keys that outlive every session.
func homePolicy(bucket string) []byte {
	const user = "${aws:username}"
	home := resource + bucket + "-" + user
	return policyOf(
		statement{
			Effect: "Allow", Resource: []string{home},
			Action: []string{
				"s3:GetBucketCors", "s3:GetBucketLocation", "s3:GetBucketPolicy", "s3:ListBucket", "s3:ListBucketMultipartUploads",
			},
		},
		statement{
			Effect: "Allow", Resource: []string{home + "/" + user + "/*"},
			Action: []string{
				"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectTagging", "s3:GetObject", "s3:GetObjectTagging",
				"s3:ListMultipartUploadParts", "s3:PutObject", "s3:PutObjectTagging",
			},
		},
		statement{Effect: "Deny", Action: []string{"admin:*"}},
	)
}

func policyOf(statements ...statement) []byte {
	document, err := json.Marshal(policyDocument{Version: "2012-10-17", Statement: statements})
	if err != nil {
		panic(fmt.Sprintf("minio: a fixed document cannot be encoded: %v", err))
	}
	return document
}

// maxPolicy is several times the length of our policies, in bytes. Putting the
// lists of a long one in order could take minutes.
const maxPolicy = 16 << 10

// samePolicy compares two documents without regard to the order of actions,
// resources and statements, which the server does not keep.
func samePolicy(a, b []byte) bool {
	if len(a) > maxPolicy || len(b) > maxPolicy {
		return false
	}
	left, err := canonical(a)
	if err != nil {
		return false
	}
	right, err := canonical(b)
	return err == nil && reflect.DeepEqual(left, right)
}

// canonical decodes a document and sorts every list in it.
func canonical(document []byte) (any, error) {
	var tree any
	if err := json.Unmarshal(document, &tree); err != nil {
		return nil, err
	}
	sortLists(tree)
	return tree, nil
}

func sortLists(node any) {
	switch node := node.(type) {
	case map[string]any:
		for _, child := range node {
			sortLists(child)
		}
	case []any:
		for _, child := range node {
			sortLists(child)
		}
		// fmt prints maps in key order, so equal nodes have equal text.
		slices.SortFunc(node, func(x, y any) int {
			return slices.Compare([]byte(fmt.Sprint(x)), []byte(fmt.Sprint(y)))
		})
	}
}
