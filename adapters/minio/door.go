package minio

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"accord/app"
)

var _ app.StorageDoor = (*Storage)(nil)

// LetsIn is that of app.StorageDoor: it lists the home. A server that finds our
// clock or the signature wrong has said nothing of the credentials.
func (s *Storage) LetsIn(ctx context.Context, g app.Grant) (bool, error) {
	const op = "try storage credentials"
	if g.AccessKeyID == "" || g.SecretAccessKey == "" || g.Prefix == "" {
		return false, refused(op, errNames)
	}
	bucket := s.options.homeBucket(strings.TrimSuffix(g.Prefix, "/"))
	err := s.ask(ctx, g, request{
		call: op, method: http.MethodGet, path: "/" + bucket,
		query: url.Values{"list-type": {"2"}, "prefix": {g.Prefix}, "max-keys": {"1"}},
	})
	var f *failure
	switch {
	case err == nil, codeOf(err) == codeNoBucket: // the server looks at the rights first
		return true, nil
	case errors.As(err, &f) && f.status == http.StatusForbidden && refusals[f.code]:
		return false, nil
	}
	return false, failed(op, err)
}

// refusals are what the server says of credentials that it does not know, or
// whose user it keeps out.
var refusals = map[string]bool{"AccessDenied": true, "InvalidAccessKeyId": true, "InvalidTokenId": true}
