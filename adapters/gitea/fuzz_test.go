package gitea_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
	"accord/app"
	"accord/saga"
)

// scripted answers requests as two texts say, one those that read and one those
// that write. Their parts, between lines of two hyphens, answer one request after
// the other, the last one all that follow: a line with the status, the length of
// the list and where a redirect leads, and the body below. Status 0 cuts the
// connection.
type scripted struct {
	t testing.TB

	mu            sync.Mutex
	reads, writes []part
	asked         []exchange
}

type part struct {
	status      int
	total, next string
	body        []byte
}

// exchange is a request and how it was answered.
type exchange struct {
	method string
	status int
}

// maxAsked is more than any call of a Directory ever asks.
const maxAsked = 5000

func parts(script []byte) []part {
	var all []part
	for _, text := range bytes.Split(script, []byte("\n--\n")) {
		head, body, _ := bytes.Cut(text, []byte("\n"))
		fields := append(strings.Fields(string(head)), "", "", "")
		p := part{total: fields[1], next: fields[2], body: body}
		if n, err := strconv.Atoi(fields[0]); err == nil && (n == 0 || n >= 200 && n <= 599) {
			p.status = n
		}
		all = append(all, p)
	}
	return all
}

func (s *scripted) answer(r *http.Request) part {
	first := r // which was led elsewhere, maybe
	for first.Response != nil {
		first = first.Response.Request
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	script := &s.writes
	if first.Method == http.MethodGet {
		script = &s.reads
	}
	p := (*script)[0]
	*script = (*script)[min(1, len(*script)-1):]
	s.asked = append(s.asked, exchange{r.Method, p.status})
	return p
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	require.Less(s.t, len(s.asked), maxAsked, "it asks for ever")
	s.mu.Unlock()
	below, found := strings.CutPrefix(r.URL.EscapedPath(), "/git/api/")
	require.True(s.t, found, "asked %s", r.URL)
	for segment := range strings.SplitSeq(below, "/") {
		require.NotContains(s.t, []string{"", ".", ".."}, segment, "asked %s", r.URL)
	}
	require.Equal(s.t, "gitea.test", r.URL.Host)
	p := s.answer(r)
	if p.status == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	header := http.Header{"X-Total-Count": {p.total}, "Date": {p.total}}
	if p.next != "" {
		header.Set("Location", p.next)
	}
	return &http.Response{
		StatusCode: p.status, ProtoMajor: 1, ProtoMinor: 1, Header: header,
		Body: io.NopCloser(bytes.NewReader(p.body)), Request: r,
	}, nil
}

// mayHaveDone are the statuses of writes that may have done something.
func (s *scripted) mayHaveDone() []int {
	var all []int
	for _, e := range s.asked {
		certainlyNot := e.status >= 300 && e.status < 500 && e.status != 408 && e.status != 499
		if e.method != http.MethodGet && !certainlyNot {
			all = append(all, e.status)
		}
	}
	return all
}

// promised requires that a refusal is one: that no write may have done anything,
// but for a 500 to whom another has shown to hold what was wanted, and a token
// that was taken back.
func (s *scripted) promised(call string, err error) {
	done := s.mayHaveDone()
	if !saga.IsRefused(err) || len(done) == 0 {
		return
	}
	last := s.asked[len(s.asked)-1]
	taken := slices.Contains([]app.Kind{app.UserTaken, app.EmailTaken}, app.KindOf(err)) &&
		!slices.ContainsFunc(done, func(status int) bool { return status != 500 }) && last == exchange{http.MethodGet, 200}
	takenBack := call == "create token" && last.method == http.MethodDelete && (last.status == 204 || last.status == 404)
	require.True(s.t, taken || takenBack, "refused after %v: %v", s.asked, err)
}

// fuzzed are all calls of a Directory.
func fuzzed(d *gitea.Directory) map[string]func(context.Context) error {
	all := calls(d)
	all["let in?"] = func(ctx context.Context) error { _, err := d.LetsIn(ctx, madeToken); return err }
	all["tokens"] = func(ctx context.Context) error { _, err := d.Tokens(ctx, amy, "accord-"); return err }
	all["probe"] = func(ctx context.Context) error {
		report, err := d.Probe(ctx)
		return errors.Join(err, errors.New(strings.Join(append(report.Faults, report.Version), "\n")))
	}
	return all
}

// FuzzAnswers has any answers given to any call: it comes to an end, a refusal
// is never a mistake, and no error or report repeats what the server says at
// length or of a secret.
func FuzzAnswers(f *testing.F) {
	names := func() []string {
		var all []string
		for name := range fuzzed(nil) {
			all = append(all, name)
		}
		slices.Sort(all)
		return all
	}()
	const (
		token  = `{"id":3,"name":"accord-x","sha1":"` + madeToken + `","created_at":"2026-01-01T00:00:00Z"}`
		found  = "200 0\n" + ours + "\n--\n200 0\n[]"
		absent = "404\n" + `{"message":"user redirect does not exist","url":"/api/swagger"}`
	)
	for _, script := range []string{
		"200 1\n" + ours, "201 1\n" + ours, "200 1\n[" + token + "]", "201\n" + token, absent,
		"200 1\n" + ours + "\n--\n204\n", "200 0\n" + ours + "\n--\n200 0\n[]", "400\n" + `{"message":"access token name has been used already","url":""}` + "\n--\n204\n--\n201\n" + token,
		"200 1\n" + ours + "\n--\n200 1\n" + ours, "200 2\n" + ours + "\n--\n200 0\n[]\n--\n200 0\n[]\n--\n" + `200 9` + "\n" + `[{"name":"o","id":7,"permission":"owner"}]`,
		"422\n" + `{"message":"user already exists Admin-Secret-1","url":""}` + "\n--\n200\n" + `{"id":8,"login":"Amy"}`,
		"500\n" + `{"message":"e-mail already in use","url":""}` + "\n--\n" + absent + "\n--\n" + `200` + "\n" + `[{"email":"amy@example.com","username":"bob"}]` + "\n--\n" + `200` + "\n" + `{"id":8,"login":"bob"}`,
		"307 1 /git/api/v1/users/bob\n\n--\n" + "200 1\n" + ours, "302 1 http://elsewhere.invalid/\n",
		"200 1\n" + `{"id":7,"login":"../admin","login_name":"accord:26010100000001"}`,
		"200 1\n" + ours + "\n--\n200\n" + `[{"email":"new@example.com"},{"email":"b@example.com"},{"email":"amy@example.com","primary":true}]` + "\n--\n204\n--\n422\n" + `{"message":"[Email] no","url":""}`,
		"200 1\n" + ours + "\n--\n" + `200 1` + "\n" + `[{"name":"` + strings.Repeat("o", 3000) + `"}]` + "\n--\n200 2\n[]\n--\n" +
			`200 1` + "\n" + `[{"id":1,"permission":"owner"}]` + "\n--\n" + `200 1` + "\n" + `[{"id":7}]`,
		`200` + "\n" + `{"version":"1.1` + strings.Repeat("9", 3000) + `"}`,
		"0\n", "200 1\n{}\n--\n0\n", "201 -1\n[]", "200 99999999999999999999\n[{}]", "408\n", "200\n" + `{"version":"1.19.0"}` + "\n--\n" + `200` + "\n" + `{"id":1,"login":"root","is_admin":true}` + "\n--\n400\n" + `{"message":"PasswordComplexity"}`,
	} {
		for i := range names {
			f.Add(uint8(i), []byte(found), []byte(script))
		}
		f.Add(uint8(slices.Index(names, "probe")), []byte(script), []byte(script))
		f.Add(uint8(slices.Index(names, "purge")), []byte(script), []byte(script))
		f.Add(uint8(slices.Index(names, "create user")), []byte(absent), []byte(script))
	}
	f.Fuzz(func(t *testing.T, which uint8, reads, writes []byte) {
		s := &scripted{t: t, reads: parts(reads), writes: parts(writes)}
		d, err := gitea.New(gitea.Options{
			URL: "http://gitea.test/git", AdminUser: "root", AdminPassword: adminPassword, AdminToken: adminToken,
			Breaker: func(http.RoundTripper) http.RoundTripper { return s },
		})
		require.NoError(t, err)
		call := names[int(which)%len(names)]
		err = fuzzed(d)[call](t.Context())
		if err == nil {
			return
		}
		s.promised(call, err)
		text := fmt.Sprintf("%v %+v %#v", err, err, err)
		require.Less(t, len(err.Error()), 2000)
		for _, secret := range []string{adminPassword, adminToken, userPassword, madeToken} {
			require.NotContains(t, text, secret)
		}
	})
}
