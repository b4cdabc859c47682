package minio

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"accord/app"
)

// mostSkew is the clock difference that Probe still accepts. The server turns
// requests down at 15 minutes; grants are too short or too long before that.
const mostSkew = 30 * time.Second

// Report is what Probe found.
type Report struct {
	// Version and Mode are the server's own words, empty where it gave none.
	Version, Mode string
	// Skew is the server's clock minus ours, to a second or so.
	Skew time.Duration
	// Faults are full sentences, each of which says what to do; none is good.
	Faults []string
}

// Ping asks whether the server answers, knows the administrator and has the
// public bucket. One cheap request, past the breaker; errors are StorageFailed.
func (s *Storage) Ping(ctx context.Context) error {
	const op = "ping storage"
	found, err := s.hasBucket(ctx, s.pinger, s.options.publicBucket())
	if err != nil {
		return unknown(op, err)
	}
	if !found {
		return unknown(op, fmt.Errorf("there is no bucket %s", s.options.publicBucket()))
	}
	return nil
}

// Probe asks the server for everything that this configuration needs of it. It
// leaves nothing behind: rights to write are tried on a user that does not
// exist, and the policy, if there is no fault so far, on two users of its own.
func (s *Storage) Probe(ctx context.Context) Report {
	report := Report{}
	before := s.options.Now()
	info, got, err := s.admin.info(ctx)
	if !got.date.IsZero() {
		report.Skew = skew(before, got.date, s.options.Now())
	}
	if report.Skew.Abs() > mostSkew {
		report.fault("The storage server's clock differs from ours by %s: set both by NTP.", report.Skew)
	}
	if err != nil && s.hopeless(&report, err) {
		return report
	}
	report.describe(info)
	s.probeRights(ctx, &report)
	s.probeHome(ctx, &report)
	s.probePublic(ctx, &report)
	s.probeSTS(ctx, &report)
	s.probeOldHomes(ctx, &report)
	if len(report.Faults) == 0 {
		s.probeHomes(ctx, &report)
	}
	return report
}

func (r *Report) fault(format string, args ...any) {
	r.Faults = append(r.Faults, fmt.Sprintf(format, args...))
}

func (r *Report) describe(info serverInfo) {
	r.Mode = plainWord(info.Mode)
	if len(info.Servers) > 0 {
		r.Version = plainWord(info.Servers[0].Version, '.', ':', '-', '_')
	}
	if info.Mode != "" && info.Mode != "online" {
		r.fault("The storage server says it is %q: wait until it has started, or look into its log.", r.Mode)
	}
}

// skew takes the server's time, told in whole seconds some time between before
// and after, as right where it can be.
func skew(before, server, after time.Time) time.Duration {
	before = before.Truncate(time.Second)
	switch {
	case server.Before(before):
		return server.Sub(before)
	case server.After(after):
		return server.Sub(after).Round(time.Second)
	}
	return 0
}

// hopeless reports the fault of the first call where no other call can fare
// better.
func (s *Storage) hopeless(report *Report, err error) bool {
	var f *failure
	_ = errors.As(err, &f)
	switch {
	case f.status == 0:
		report.fault("The storage server does not answer at %s (%v): check the endpoint and that it runs.", s.options.Endpoint, f.cause)
	case f.code == "InvalidAccessKeyId" || f.code == "SignatureDoesNotMatch":
		report.fault("The storage server does not accept the administrator %s: check user and password.", s.options.AdminUser)
	case f.code == "RequestTimeTooSkewed":
		if report.Skew.Abs() <= mostSkew {
			report.fault("The storage server finds our clock wrong: set both by NTP.")
		}
	case f.code == "AccessDenied":
		report.lacks("admin:ServerInfo")
		return false
	case f.status == 200 || f.code == "":
		report.fault("What answers at %s is not MinIO's admin interface (%v): check the endpoint.", s.options.Endpoint, f)
	default:
		report.fault("The storage server cannot tell about itself (%v): look into its log.", f)
	}
	return true
}

func (r *Report) lacks(right string) {
	r.fault("The storage administrator lacks the right %s: grant it, or configure one who has it.", right)
}

// probeRights tries every right on a user that does not exist; a server that
// grants the right finds out that it has nothing to do.
func (s *Storage) probeRights(ctx context.Context, report *Report) {
	ghost := "accprobe" + strings.ToLower(rand.Text()[:12])
	const tooShort app.Secret = "short" // no server takes it, so no user comes to be
	for _, try := range []struct {
		right string
		call  func() error
		codes string
	}{
		{"admin:GetUser", func() error { _, err := s.admin.userInfo(ctx, ghost); return err }, codeNoUser},
		{"admin:CreateUser", func() error { return s.admin.addUser(ctx, ghost, tooShort) }, "XMinioAdminInvalidSecretKey"},
		{"admin:EnableUser", func() error { return s.admin.setStatus(ctx, ghost, false) }, codeNoUser},
		{"admin:AttachUserOrGroupPolicy", func() error { return s.admin.setPolicy(ctx, ghost, s.options.PolicyName) }, codeNoUser},
		{"admin:DeleteUser", func() error { return s.admin.removeUser(ctx, ghost) }, codeNoUser},
		{"admin:RemoveServiceAccount", func() error { return s.admin.revoke(ctx, ghost, ghost) }, ""},
	} {
		err := try.call()
		switch code := codeOf(err); {
		case code == "AccessDenied":
			report.lacks(try.right)
		case err == nil && try.codes != "", err != nil && code != try.codes:
			report.fault("The storage server did not do as expected when the right %s was tried (%v): "+
				"use a server version that Accord names as tried.", try.right, err)
		}
	}
}

// mend is what helps where EnsureHome has not been here.
const mend = "run `accord migrate`, or look into the server's log"

// probeBucket reports whether the bucket is there.
func (s *Storage) probeBucket(ctx context.Context, report *Report, bucket string) bool {
	found, err := s.hasBucket(ctx, s.s3, bucket)
	switch {
	case err != nil:
		report.fault("The bucket %s cannot be looked for (%v): %s.", bucket, err, mend)
	case !found:
		report.fault("The bucket %s does not exist: %s.", bucket, mend)
	}
	return found
}

func (s *Storage) probePublic(ctx context.Context, report *Report) {
	bucket := s.options.publicBucket()
	if !s.probeBucket(ctx, report, bucket) {
		return
	}
	same, err := s.publicIsOurs(ctx)
	switch {
	case codeOf(err) == "AccessDenied":
		report.lacks("s3:GetBucketPolicy")
	case err != nil:
		report.fault("The policy of the bucket %s cannot be read (%v): %s.", bucket, err, mend)
	case !same:
		report.fault("The policy of the bucket %s is missing or not the one that Accord wants: %s.", bucket, mend)
	}
}

func (s *Storage) probeHome(ctx context.Context, report *Report) {
	same, err := s.policyIsOurs(ctx)
	switch {
	case codeOf(err) == "AccessDenied":
		report.lacks("admin:GetPolicy")
	case err != nil:
		report.fault("The policy %s cannot be read (%v): %s.", s.options.PolicyName, err, mend)
	case !same:
		report.fault("The policy %s is missing or not the one that Accord wants: %s.", s.options.PolicyName, mend)
	}
}

// probeOldHomes looks for what MoveHomes has not moved.
func (s *Storage) probeOldHomes(ctx context.Context, report *Report) {
	switch keys, err := s.oldHomes(ctx); {
	case err != nil:
		report.fault("The bucket %s of an earlier version cannot be listed (%v): look into the server's log.", s.options.Bucket, err)
	case len(keys) > 0:
		report.fault("%d homes of an earlier version still lie in the bucket %s, where their users cannot reach them: "+
			"run `accord migrate`.", len(keys), s.options.Bucket)
	}
}

// probeSTS borrows credentials as the administrator and gives them back.
func (s *Storage) probeSTS(ctx context.Context, report *Report) {
	session := "accord-probe-" + strings.ToLower(rand.Text())
	if _, err := s.assumeRole(ctx, s.admin.as, session, leastGrant); err != nil {
		report.fault("The storage server lends no temporary credentials (%v): use one that serves STS AssumeRole at its endpoint.", err)
		return
	}
	if err := s.admin.revoke(ctx, s.admin.as.key, session); err != nil {
		report.fault("The storage server does not take temporary credentials back (%v): "+
			"use a version that serves revoke-tokens.", err)
	}
}
