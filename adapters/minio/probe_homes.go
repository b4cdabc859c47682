package minio

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"

	"accord/app"
)

// probeHomes tries the policy on two users of its own: neither may list or read
// the other's home. They are removed on every path; those of an earlier probe
// that was cut short have the same names and are removed first. Their names are
// not those of accounts' users, so a comparison passes over them.
func (s *Storage) probeHomes(ctx context.Context, report *Report) {
	mark := sha256.Sum256([]byte(s.options.Bucket + "\x00" + s.options.PolicyName))
	name := "accprobe" + hex.EncodeToString(mark[:5])
	one, two := name+"a", name+"b"
	remove := func(ctx context.Context) error {
		for _, key := range []string{one, two} {
			if err := s.PurgeUser(ctx, key); err != nil {
				return err
			}
		}
		return nil
	}
	if err := remove(ctx); err != nil {
		report.fault("The users %s and %s of an earlier `accord doctor` cannot be removed (%v): remove them.", one, two, err)
		return
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeCleanup)
		defer cancel()
		if err := remove(ctx); err != nil {
			report.fault("The users %s and %s, on which the policy was tried, cannot be removed (%v): run `accord doctor` again.", one, two, err)
		}
	}()
	secret := app.Secret(rand.Text() + rand.Text()[:14])
	for _, key := range []string{one, two} {
		if err := s.CreateUser(ctx, key, secret); err != nil {
			report.fault("The policy cannot be tried, for no user can be created (%v): look into the server's log.", err)
			return
		}
	}
	grant, err := s.Grant(ctx, one, secret, name, leastGrant)
	if err != nil {
		report.fault("The policy cannot be tried, for a user gets no credentials (%v): look into the server's log.", err)
		return
	}
	s.tryHomes(ctx, report, grant, two)
}

// probeCleanup bounds the removal of the users of a probe.
const probeCleanup = time.Minute

// tryHomes asks with one user's credentials for its own home and for another's.
func (s *Storage) tryHomes(ctx context.Context, report *Report, g app.Grant, other string) {
	theirs, object := "/"+s.options.homeBucket(other), "/"+other+"/probe"
	err := s.write(ctx, request{call: "put probe", method: http.MethodPut, path: theirs + object, body: []byte("probe")})
	if err != nil {
		report.fault("The policy cannot be tried, for no object can be stored (%v): look into the server's log.", err)
		return
	}
	own := request{call: "list own home", method: http.MethodGet, path: "/" + g.Bucket, query: url.Values{"prefix": {g.Prefix}}}
	if err := s.ask(ctx, g, own); err != nil {
		report.fault("Users of the storage cannot list their own home (%v): check that no other policy forbids it.", err)
	}
	for _, query := range []url.Values{
		{"list-type": {"2"}},
		{"list-type": {"2"}, "prefix": {other + "/", g.Prefix}},
		{"prefix": {""}, "Prefix": {g.Prefix}},
		{"versions": {""}, "prefix": {g.Prefix, other + "/"}},
		{"uploads": {""}},
		nil, // the object itself
	} {
		r := request{call: "list another home", method: http.MethodGet, path: theirs, query: query}
		if query == nil {
			r.path += object
		}
		switch err := s.ask(ctx, g, r); {
		case err == nil:
			report.fault("Users of the storage can see one another's homes (GET %s?%s was answered): "+
				"check that the users have the policy %s and no other, and no group.", r.path, query.Encode(), s.options.PolicyName)
			return
		case codeOf(err) != "AccessDenied":
			report.fault("The storage server did not refuse one user another's home as expected (%v): look into its log.", err)
			return
		}
	}
}

// ask sends a request signed by the credentials.
func (s *Storage) ask(ctx context.Context, g app.Grant, r request) error {
	r.readOnly, r.limit = true, maxPage
	r.sign = func(req *http.Request) *http.Request {
		return signer.SignV4(*req, g.AccessKeyID, g.SecretAccessKey.Reveal(), g.SessionToken.Reveal(), s.options.Region)
	}
	_, err := s.wire.do(ctx, r)
	return err
}
