package minio

import "context"

// ensurePublic makes the bucket that everybody may read.
func (s *Storage) ensurePublic(ctx context.Context) error {
	if err := s.ensureBucket(ctx, s.options.publicBucket()); err != nil {
		return err
	}
	same, err := s.publicIsOurs(ctx)
	if err != nil || same {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	bucket := s.options.publicBucket()
	return s3Failure("open public bucket", s.s3.SetBucketPolicy(ctx, bucket, string(publicPolicy(bucket))), false)
}

// publicIsOurs reports whether the public bucket has exactly our policy.
func (s *Storage) publicIsOurs(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	bucket := s.options.publicBucket()
	found, err := s.s3.GetBucketPolicy(ctx, bucket)
	return err == nil && samePolicy([]byte(found), publicPolicy(bucket)), s3Failure("read bucket policy", err, true)
}

// publicPolicy lets everybody read what it knows the name of, and list nothing.
func publicPolicy(bucket string) []byte {
	return policyOf(statement{
		Effect: "Allow", Principal: map[string][]string{"AWS": {"*"}},
		Action: []string{"s3:GetObject"}, Resource: []string{resource + bucket + "/*"},
	})
}
