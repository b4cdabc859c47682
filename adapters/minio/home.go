package minio

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
	miniogo "github.com/minio/minio-go/v7"
)

// EnsureHome makes the bucket and the policy of all homes, and the bucket that
// everybody may read with its policy, where they are missing or a policy is not
// the one that this version wants. Repeatable, and several replicas may do it at
// once. It waits, until ctx ends, for a server
// that says it is still starting. Errors are StorageFailed.
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
	if err := s.ensureBucket(ctx, s.options.Bucket); err != nil {
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
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	err = s.s3.MakeBucket(ctx, bucket, miniogo.MakeBucketOptions{Region: s.options.Region})
	if miniogo.ToErrorResponse(err).Code == "BucketAlreadyOwnedByYou" {
		return nil
	}
	return s3Failure("make bucket", err, false)
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
	Resource  []string                       `json:",omitempty"`
	Condition map[string]map[string][]string `json:",omitempty"`
}

// homePolicy lets each user list, read, write and delete under its own access
// key. The variable is the parent user for temporary credentials too. The slash
// keeps a user out of homes whose key merely begins like its own. Nothing of
// the admin interface: by default a user, its temporary credentials too, may
// make itself access keys that outlive every session.
func homePolicy(bucket string) []byte {
	const user = "${aws:username}"
	return policyOf(
		statement{Effect: "Allow", Action: []string{"s3:GetBucketLocation"}, Resource: []string{resource + bucket}},
		statement{
			Effect: "Allow", Action: []string{"s3:ListBucket"}, Resource: []string{resource + bucket},
			Condition: map[string]map[string][]string{"StringLike": {"s3:prefix": {user + "/*"}}},
		},
		statement{
			Effect: "Allow", Resource: []string{resource + bucket + "/" + user + "/*"},
			Action: []string{
				"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject",
				"s3:ListMultipartUploadParts", "s3:PutObject",
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
