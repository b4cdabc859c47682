package minio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/minio"
	"accord/app"
	"accord/saga"
)

// scripted answers the one call that is tried as a text says, and the others
// well. Its parts, between lines of two hyphens, answer one after the other, the
// last one all that follow: a line with the status, and the body below. Status 0
// cuts the connection.
type scripted struct {
	t      testing.TB
	call   string
	script []part
	good   http.HandlerFunc
	asked  int
	// done are the statuses of writes that may have done something.
	done []int
}

type part struct {
	status int
	body   []byte
}

// maxAsked is more than any operation asks where nothing is left to go on with.
const maxAsked = 5000

func parts(script []byte) []part {
	var all []part
	for _, text := range bytes.Split(script, []byte("\n--\n")) {
		head, body, _ := bytes.Cut(text, []byte("\n"))
		p := part{body: body}
		if n, err := strconv.Atoi(string(head)); err == nil && n >= 200 && n <= 599 {
			p.status = n
		}
		all = append(all, p)
	}
	return all
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked++
	require.Less(s.t, s.asked, maxAsked, "it asks for ever")
	s.inPlace(r)
	w := httptest.NewRecorder()
	p := s.script[0]
	if called(r) == s.call {
		s.script = s.script[min(1, len(s.script)-1):]
	} else {
		s.good(w, r)
		p = part{w.Code, w.Body.Bytes()}
	}
	certainlyNot := p.status >= 400 && p.status < 500 && p.status != 408 && p.status != 499
	if r.Method != http.MethodGet && r.Method != http.MethodHead && !certainlyNot {
		s.done = append(s.done, p.status)
	}
	if p.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return &http.Response{
		StatusCode: p.status, ProtoMajor: 1, ProtoMinor: 1, Header: w.Header(),
		Body: io.NopCloser(bytes.NewReader(p.body)), ContentLength: int64(len(p.body)), Request: r,
	}, nil
}

// inPlace requires that objects are deleted only where they are ours to delete.
func (s *scripted) inPlace(r *http.Request) {
	require.Equal(s.t, "minio.test", r.URL.Host)
	if r.Method != http.MethodDelete || strings.HasPrefix(r.URL.Path, "/minio/admin/v3/") {
		return
	}
	ours := r.URL.Path == "/homes-acc1" || strings.HasPrefix(r.URL.Path, "/homes-acc1/acc1/") || strings.HasPrefix(r.URL.Path, "/homes/acc1/")
	require.True(s.t, ours, "deletes %s", r.URL)
}

// tried is an operation, and the call of it that is answered badly.
type tried struct {
	call string
	try  func(context.Context, *minio.Storage) error
}

// fuzzed are the operations, those of the preparations and the doors with them.
func fuzzed() map[string]tried {
	all := map[string]tried{
		"ping": {"head", func(ctx context.Context, s *minio.Storage) error { return s.Ping(ctx) }},
		"let in?": {"list", func(ctx context.Context, s *minio.Storage) error {
			_, err := s.LetsIn(ctx, app.Grant{AccessKeyID: "K", SecretAccessKey: secret, SessionToken: "T", Prefix: "acc1/"})
			return err
		}},
	}
	for name, o := range operations {
		all[name] = tried{o.call, o.try}
	}
	for _, call := range []string{"head", "put", "info-canned-policy", "add-canned-policy", "bucket policy"} {
		all["prepare: "+call] = tried{call, func(ctx context.Context, s *minio.Storage) error {
			ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond) // it waits for a server that is starting
			defer cancel()
			return s.EnsureHome(ctx)
		}}
	}
	for _, call := range []string{
		"info", "user-info", "add-user", "set-user-status", "remove-user", "head", "info-canned-policy", "bucket policy", "AssumeRole",
	} {
		all["probe: "+call] = tried{call, func(ctx context.Context, s *minio.Storage) error {
			report := s.Probe(ctx)
			return errors.New(strings.Join(append(report.Faults, report.Version, report.Mode), "\n"))
		}}
	}
	return all
}

// FuzzAnswers has any answers given to any call of any operation: it comes to an
// end, deletes nothing of others, a refusal is never a mistake, and no error
// repeats what the server says at length or of a secret.
func FuzzAnswers(f *testing.F) {
	names := slices.Sorted(maps.Keys(fuzzed()))
	for _, script := range []string{
		"200\n" + oneObjectXML, "200\n" + versionsXML, "200\n" + uploadsXML, "200\n" + deletedXML, "200\n" + lentXML, "200\n", "204\n", "0\n", "408\n", "503\n", "302\n",
		"200\n" + strings.ReplaceAll(oneObjectXML, "false", "true"),
		"200\n" + `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><Contents><Key>acc2%2Fa</Key></Contents></ListBucketResult>`,
		"200\n" + `<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker></ListMultipartUploadsResult>`,
		"200\n" + `{"status":"enabled"}`, "404\n" + `{"Code":"XMinioAdminNoSuchUser"}`, "403\n" + `<Error><Code>AccessDenied</Code></Error>`,
		"400\n" + `<ErrorResponse><Error><Code>the-administrators-password</Code></Error></ErrorResponse>`,
		"200\n" + `{"mode":"` + strings.Repeat("o", 3000) + `","servers":[{"version":"v"}]}`, "200\n" + strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
		"200\n" + `<DeleteResult><Error><Key>acc1/a</Key><Code>AccessDenied</Code><Message>` + secret.Reveal() + `</Message></Error></DeleteResult>`,
		"200\n<" + secret.Reveal() + "/>", "200\n" + `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"]}]}`,
	} {
		for i := range names {
			f.Add(uint8(i), []byte(script))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, script []byte) {
		operation := fuzzed()[names[int(which)%len(names)]]
		s := &scripted{t: t, call: operation.call, script: parts(script), good: goodServer()}
		o := goodOptions()
		o.Endpoint, o.Timeout = "http://minio.test", time.Minute
		o.Breaker = func(http.RoundTripper) http.RoundTripper { return s }
		storage, err := minio.New(o)
		require.NoError(t, err)
		if err = operation.try(t.Context(), storage); err == nil {
			return
		}
		require.False(t, saga.IsRefused(err) && len(s.done) > 0, "refused after %v: %v", s.done, err)
		require.Less(t, len(err.Error()), 3000)
		for _, hidden := range []app.Secret{secret, adminPassword} {
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), hidden.Reveal())
		}
	})
}
