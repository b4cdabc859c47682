package minio

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"accord/app"
)

// The server lends credentials for no less and Accord for no more than these.
const (
	leastGrant = 15 * time.Minute
	mostGrant  = 14 * 24 * time.Hour
)

// Grant is that of app.Storage; a ttl over fourteen days is taken as fourteen.
// The credentials carry the session's id as their revoke type, by which Revoke
// finds them.
func (s *Storage) Grant(
	ctx context.Context, key string, secret app.Secret, session string, ttl time.Duration,
) (app.Grant, error) {
	const op = "grant storage credentials"
	if !named(key, session) {
		return app.Grant{}, refused(op, errNames)
	}
	lent, err := s.assumeRole(ctx, identity{key, secret}, session, ttl)
	if err != nil {
		return app.Grant{}, failed(op, err)
	}
	bucket := s.options.homeBucket(key)
	if err := s.ensureBucket(ctx, bucket); err != nil {
		return app.Grant{}, failed(op, after(err)) // the credentials exist by now
	}
	return app.Grant{
		Endpoint: s.options.PublicEndpoint, Region: s.options.Region,
		Bucket: bucket, Prefix: key + "/",
		AccessKeyID: lent.AccessKeyID, SecretAccessKey: app.Secret(lent.SecretAccessKey),
		SessionToken: app.Secret(lent.SessionToken), Expiration: lent.Expiration,
	}, nil
}

// lent is the credentials in an STS answer.
type lent struct {
	AccessKeyID     string    `xml:"AccessKeyId"`
	SecretAccessKey string    `xml:"SecretAccessKey"`
	SessionToken    string    `xml:"SessionToken"`
	Expiration      time.Time `xml:"Expiration"`
}

// assumeRole is the STS call. It goes over the same wire as the others, so that
// its failures are judged alike.
func (s *Storage) assumeRole(ctx context.Context, by identity, revokeType string, ttl time.Duration) (lent, error) {
	ttl = min(max(ttl, leastGrant), mostGrant)
	seconds := int((ttl + time.Second - 1) / time.Second)
	form := url.Values{
		"Action": {"AssumeRole"}, "Version": {"2011-06-15"},
		"DurationSeconds": {strconv.Itoa(seconds)}, "TokenRevokeType": {revokeType},
	}
	r := request{
		call: "AssumeRole", method: http.MethodPost, path: "/",
		contentType: "application/x-www-form-urlencoded", body: []byte(form.Encode()),
		sign: s.wire.signedSTS(by),
	}
	got, err := s.wire.do(ctx, r)
	if err != nil {
		return lent{}, err
	}
	var body struct {
		Credentials lent `xml:"AssumeRoleResult>Credentials"`
	}
	if xml.Unmarshal(got.body, &body) != nil || !body.Credentials.whole() {
		return lent{}, nonsense(r.call, http.StatusOK, errors.New("not the credentials that were expected"), false)
	}
	return body.Credentials, nil
}

func (l lent) whole() bool {
	return l.AccessKeyID != "" && l.SecretAccessKey != "" && l.SessionToken != "" && !l.Expiration.IsZero()
}
