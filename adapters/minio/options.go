package minio

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	miniogo "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"accord/app"
)

// Options say which server the adapter talks to, and as whom.
type Options struct {
	// Endpoint is the server's URL: scheme, host, port.
	Endpoint string
	// PublicEndpoint is what clients are told instead; default Endpoint.
	PublicEndpoint string
	// Region is the server's; default us-east-1.
	Region string
	// Bucket begins the names of all buckets: each home has its own, named
	// Bucket-KEY after its user's access key; pictures lie in Bucket-public,
	// which everybody may read. Earlier versions kept all homes in Bucket
	// itself; see MoveHomes.
	Bucket string
	// AdminUser and AdminPassword are an administrator's access key and secret.
	AdminUser     string
	AdminPassword app.Secret
	// PolicyName is the one policy of all our users; default accord-home. Two
	// installations on one server need two buckets and two policies.
	PolicyName string
	// Timeout bounds each request; default 5 s. An operation is a few of them,
	// and one that deletes objects as many as there are batches.
	Timeout time.Duration
	// Breaker, optional, makes what requests go through on their way to the
	// pooled transport, all but those of Ping. Where the error of it says
	// NotSent() true, the request had no effect.
	Breaker func(http.RoundTripper) http.RoundTripper
	// Now is the clock that Probe compares the server's with; default time.Now.
	Now func() time.Time
}

// withDefaults fills what was left out and reports every fault at once.
func (o Options) withDefaults() (Options, error) {
	o.PublicEndpoint = orDefault(o.PublicEndpoint, o.Endpoint)
	o.Region = orDefault(o.Region, "us-east-1")
	o.PolicyName = orDefault(o.PolicyName, "accord-home")
	o.Timeout = orDefault(o.Timeout, 5*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	faults := []error{
		checkEndpoint("endpoint", o.Endpoint), checkEndpoint("public endpoint", o.PublicEndpoint),
		s3utils.CheckValidBucketNameStrict(o.Bucket), s3utils.CheckValidBucketNameStrict(o.homeBucket(longestKey)),
	}
	if o.AdminUser == "" || o.AdminPassword == "" {
		faults = append(faults, errors.New("the administrator's name and password are both needed"))
	}
	if o.Timeout < 0 {
		faults = append(faults, errors.New("the time-out is negative"))
	}
	if err := errors.Join(faults...); err != nil {
		return o, fmt.Errorf("storage options: %w", err)
	}
	return o, nil
}

// longestKey is as long as an access key of ours.
const longestKey = "acc00000000000000"

// homeBucket holds the home of one user.
func (o Options) homeBucket(key string) string { return o.Bucket + "-" + key }

// publicBucket holds what everybody may read.
func (o Options) publicBucket() string { return o.Bucket + "-public" }

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

func checkEndpoint(name, text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil: // whose text would repeat a password inside the URL
		return fmt.Errorf("the %s is not a URL", name)
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return fmt.Errorf("the %s must be http://HOST:PORT or https://HOST:PORT", name)
	case u.User != nil, u.RawQuery != "", u.Path != "" && u.Path != "/":
		return fmt.Errorf("the %s must hold nothing but scheme, host and port", name)
	}
	return nil
}

// New makes the adapter without touching the network. It reports every fault of
// the options at once.
func New(o Options) (*Storage, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(o.Endpoint)
	if err != nil {
		return nil, err
	}
	bare := newTransport(o.Timeout)
	transport := http.RoundTripper(bare)
	if o.Breaker != nil {
		transport = o.Breaker(bare)
	}
	s3, s3Err := newS3(o, base, transport)
	pinger, pingerErr := newS3(o, base, bare)
	if err := errors.Join(s3Err, pingerErr); err != nil {
		return nil, err
	}
	w := &wire{base: base, region: o.Region, timeout: o.Timeout, client: &http.Client{
		Transport: transport,
		// A redirect is an answer of a server that is not the one we want.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	return &Storage{
		options: o, s3: s3, pinger: pinger, wire: w, transport: bare,
		admin: &admin{wire: w, as: identity{o.AdminUser, o.AdminPassword}, seal: newSealer(o.AdminPassword)},
	}, nil
}

// newS3 is a client that asks once.
func newS3(o Options, base *url.URL, transport http.RoundTripper) (*miniogo.Client, error) {
	return miniogo.New(base.Host, &miniogo.Options{
		Creds:        credentials.NewStaticV4(o.AdminUser, o.AdminPassword.Reveal(), ""),
		Secure:       base.Scheme == "https",
		Transport:    bounded{transport},
		Region:       o.Region,
		BucketLookup: miniogo.BucketLookupPath,
		MaxRetries:   1,
	})
}
