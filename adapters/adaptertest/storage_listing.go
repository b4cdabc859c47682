package adaptertest

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"accord/app"
)

// Listing is a raw request to list something: GET /Bucket?Query.
type Listing struct {
	// Bucket is empty for the list of buckets.
	Bucket, Query string
	Header        http.Header
}

// listingAPIs are the ways to ask for a listing.
var listingAPIs = []string{
	"", "list-type=2", "list-type=2&metadata=true", "versions", "versions&metadata=true", "uploads", "uploads&versions&list-type=2",
}

// listingParameters are the combinations of parameters for a home (own) and
// another one (foreign), each ending with a slash.
func listingParameters(own, foreign string) []string {
	encoded := ""
	for _, b := range []byte(foreign) {
		encoded += "%" + strings.ToUpper(string("0123456789abcdef"[b>>4])+string("0123456789abcdef"[b&15]))
	}
	token := base64.StdEncoding.EncodeToString([]byte(foreign))
	return []string{
		"", "prefix", "prefix=", "prefix=" + own, "prefix=" + foreign, "prefix=" + encoded, "prefix=" + strings.TrimSuffix(foreign, "/"),
		"prefix=" + foreign + "&prefix=" + own, "prefix=" + own + "&prefix=" + foreign, "prefix=&prefix=" + own, "prefix=" + own + "&prefix=",
		"prefix=" + encoded + "&prefix=" + own, "prefix=" + own + "&delimiter=/&prefix=" + foreign,
		"Prefix=" + own, "Prefix=" + own + "&prefix=" + foreign, "prefix=" + foreign + "&Prefix=" + own, "PREFIX=" + own + "&prefix=",
		"Prefix=" + own + "&prefix=" + own + "&prefix=" + foreign, "prefix=" + foreign + "&Prefix=" + own + "&Prefix=" + own,
		"prefix=%2F", "prefix=*", "prefix=%2A%2F", "prefix=.", "prefix=.accord/", "prefix=.accord%2Fgrants%2F", "prefix=$%7Baws:username%7D/",
		"prefix=" + own + "../" + foreign, "prefix=" + own + "%2e%2e/" + foreign, "prefix=/" + foreign, "prefix=" + own + "%00&prefix=" + foreign,
		"username=" + strings.TrimSuffix(foreign, "/"), "userid=" + strings.TrimSuffix(foreign, "/") + "&prefix=" + foreign,
		"delimiter=/", "delimiter=/&prefix=", "delimiter=/&prefix=acc", "delimiter=/&Prefix=" + own, "delimiter=&prefix=" + own,
		"marker=" + foreign, "marker=&prefix=" + own, "key-marker=" + foreign + "&version-id-marker=null", "key-marker=a&upload-id-marker=1",
		"start-after=a", "start-after=a&prefix=" + own, "continuation-token=" + token, "continuation-token=" + token + "&prefix=" + own,
		"max-keys=1", "max-keys=1000&prefix=" + foreign, "max-uploads=1000", "encoding-type=url&prefix=" + foreign + "&prefix=" + own,
	}
}

// listingHeaders are what may be sent beside the parameters.
func listingHeaders(own, foreign string) []http.Header {
	other := strings.TrimSuffix(foreign, "/")
	return []http.Header{{}, {"Prefix": {own}, "Username": {other}, "Userid": {other}}}
}

// storageListings asks with every combination, with temporary and with lasting
// credentials, in every bucket: nothing outside the home is ever shown.
func storageListings(t *testing.T, f StorageFixture) {
	key, other := f.user(t, secretA), f.user(t, secretB)
	mine, theirs := f.grant(t, key, secretA, "session1"), f.grant(t, other, secretB, "session1")
	f.fill(t, mine)
	f.fill(t, theirs)
	lasting := itself(key, secretA)
	lasting.Endpoint, lasting.Region = mine.Endpoint, mine.Region
	for _, g := range []app.Grant{mine, lasting} {
		for _, bucket := range append([]string{mine.Bucket, theirs.Bucket, ""}, f.Buckets...) {
			f.listAll(t, g, bucket, mine, theirs)
		}
	}
}

// listAll asks for every listing of one bucket.
func (f StorageFixture) listAll(t *testing.T, g app.Grant, bucket string, mine, theirs app.Grant) {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(8)
	ask := func(api, parameters string, header http.Header) {
		group.Go(func() error {
			l := Listing{Bucket: bucket, Query: strings.Trim(api+"&"+parameters, "&"), Header: header}
			shown, allowed := f.List(t, g, l)
			for _, name := range shown {
				own := strings.HasPrefix(name, mine.Prefix) || bucket == "" && name == mine.Bucket
				if !own {
					t.Errorf("%s?%s %v shows %s", l.Bucket, l.Query, l.Header, name)
				}
			}
			if allowed && bucket != "" && bucket != mine.Bucket {
				t.Errorf("%s?%s %v is allowed", l.Bucket, l.Query, l.Header)
			}
			return nil
		})
	}
	for _, api := range listingAPIs {
		for _, parameters := range listingParameters(mine.Prefix, theirs.Prefix) {
			for _, header := range listingHeaders(mine.Prefix, theirs.Prefix) {
				ask(api, parameters, header)
			}
		}
	}
	require.NoError(t, group.Wait())
}

// storageOwnListing wants the user's own home to be listed.
func storageOwnListing(t *testing.T, f StorageFixture) {
	g := f.grant(t, f.user(t, secretA), secretA, "session1")
	names := f.fill(t, g)
	for _, api := range []string{"", "list-type=2", "versions"} {
		for _, parameters := range []string{"", "prefix=" + g.Prefix} {
			shown, allowed := f.List(t, g, Listing{Bucket: g.Bucket, Query: strings.Trim(api+"&"+parameters, "&")})
			require.True(t, allowed, "%s %s", api, parameters)
			require.Equal(t, names, shown, "%s %s", api, parameters)
		}
	}
	shown, allowed := f.List(t, g, Listing{Bucket: g.Bucket, Query: "list-type=2&prefix=" + g.Prefix + "deep/"})
	require.True(t, allowed)
	require.Equal(t, names[:1], shown)
}
