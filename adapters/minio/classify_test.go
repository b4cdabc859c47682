package minio_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/minio"
	"accord/app"
	"accord/saga"
)

const (
	adminPassword app.Secret = "the-administrators-password"
	elsewhere                = "/elsewhere"
	lentXML                  = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>` +
		`<Credentials><AccessKeyId>K</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>` +
		`<Expiration>2026-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
	oneObjectXML = `<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>acc1/a</Key></Contents></ListBucketResult>`
	versionsXML  = `<ListVersionsResult><Version><Key>acc1/a</Key><VersionId>null</VersionId></Version></ListVersionsResult>`
	uploadsXML   = `<ListMultipartUploadsResult><Upload><Key>acc1/b</Key><UploadId>1</UploadId></Upload></ListMultipartUploadsResult>`
	deletedXML   = `<DeleteResult><Deleted><Key>acc1/a</Key><VersionId>null</VersionId></Deleted></DeleteResult>`
)

// answering is a server that answers so to the call that is tried.
type answering func(http.ResponseWriter, *http.Request)

func status(code int, body string) answering {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// hangInBody sends the status and a first piece, and never the rest.
func hangInBody(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, "{")
	_ = http.NewResponseController(w).Flush()
	<-r.Context().Done()
}

func cut(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func flood(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.Copy(w, io.LimitReader(endless{}, 3<<20))
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, strings.Repeat(" ", len(p))), nil }

// badServer is an adapter on a server that gives that answer to one call and
// good answers to the others, and how often the call came if it writes.
func badServer(t *testing.T, call string, answer answering) (*minio.Storage, *atomic.Int64) {
	t.Helper()
	calls, good := new(atomic.Int64), goodServer()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == elsewhere {
			t.Error("a redirect was followed")
		}
		if called(r) != call {
			good(w, r)
			return
		}
		if r.Method != http.MethodGet {
			calls.Add(1)
		}
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	return fakeEndpoint(t, server.URL, time.Minute), calls
}

// goodServer gives good answers to every call.
func goodServer() http.HandlerFunc {
	batches := new(atomic.Int64)
	return func(w http.ResponseWriter, r *http.Request) {
		switch asked := called(r); {
		case asked == "user-info":
			status(http.StatusNotFound, `{"Code":"XMinioAdminNoSuchUser"}`)(w, r)
		case asked == "info":
			status(http.StatusOK, `{"mode":"online"}`)(w, r)
		case asked == "AssumeRole":
			status(http.StatusOK, lentXML)(w, r)
		case asked == "list":
			status(http.StatusOK, oneObjectXML)(w, r)
		case asked == "versions" && batches.Load() == 0:
			status(http.StatusOK, versionsXML)(w, r)
		case asked == "versions":
			status(http.StatusOK, `<ListVersionsResult></ListVersionsResult>`)(w, r)
		case asked == "batch":
			batches.Add(1)
			status(http.StatusOK, deletedXML)(w, r)
		case asked == "uploads":
			status(http.StatusOK, uploadsXML)(w, r)
		case asked == "put":
			w.Header().Set("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)
		case asked == "delete", asked == "abort":
			w.WriteHeader(http.StatusNoContent)
		}
	}
}

// called names the call of a request.
func called(r *http.Request) string {
	admin, isAdmin := strings.CutPrefix(r.URL.Path, "/minio/admin/v3/")
	switch {
	case isAdmin:
		return admin
	case r.URL.Path == "/":
		return "AssumeRole"
	case r.URL.Query().Has("versions"):
		return "versions"
	case r.URL.Query().Has("uploads"):
		return "uploads"
	case r.URL.Query().Has("uploadId"):
		return "abort"
	case r.URL.Query().Has("policy"):
		return "bucket policy"
	case r.Method == http.MethodPost:
		return "batch"
	case r.Method == http.MethodGet:
		return "list"
	}
	return strings.ToLower(r.Method)
}

func fakeEndpoint(t *testing.T, endpoint string, timeout time.Duration) *minio.Storage {
	t.Helper()
	o := goodOptions()
	o.Endpoint, o.Timeout = endpoint, timeout
	return open(t, o)
}

// operations are those of the port, each with the call that does its work.
var operations = map[string]struct {
	call string
	try  func(context.Context, *minio.Storage) error
	// harmless calls come before any that writes, and only read; late ones come
	// after one that wrote.
	harmless, late bool
}{
	"create: look":     {call: "user-info", try: tryCreate, harmless: true},
	"create: add":      {call: "add-user", try: tryCreate},
	"create: bucket":   {call: "put", try: tryCreate, late: true},
	"create: attach":   {call: "set-user-or-group-policy", try: tryCreate, late: true},
	"remove":           {call: "remove-user", try: tryRemove},
	"remove: revoke":   {call: "revoke-tokens/builtin", try: tryRemove, late: true},
	"remove: bucket":   {call: "delete", try: tryRemove, late: true},
	"revoke: awaken":   {call: "user-info", try: tryRevoke, harmless: true},
	"revoke":           {call: "revoke-tokens/builtin", try: tryRevoke},
	"grant":            {call: "AssumeRole", try: tryGrant},
	"shut out":         {call: "set-user-status", try: tryShutOut},
	"let in":           {call: "set-user-status", try: tryLetIn},
	"count":            {call: "list", try: tryCount, harmless: true},
	"purge: shut out":  {call: "set-user-status", try: tryPurge},
	"purge: look":      {call: "versions", try: tryPurge, late: true},
	"purge: delete":    {call: "batch", try: tryPurge, late: true},
	"purge: uploads":   {call: "uploads", try: tryPurge, late: true},
	"purge: abort":     {call: "abort", try: tryPurge, late: true},
	"purge: remove":    {call: "remove-user", try: tryPurge, late: true},
	"picture":          {call: "put", try: tryPicture},
	"pictures: look":   {call: "versions", try: tryRemovePictures, harmless: true},
	"pictures: delete": {call: "batch", try: tryRemovePictures, late: true},
}

func tryCreate(ctx context.Context, s *minio.Storage) error { return s.CreateUser(ctx, "acc1", secret) }
func tryRemove(ctx context.Context, s *minio.Storage) error { return s.RemoveUser(ctx, "acc1") }
func tryRevoke(ctx context.Context, s *minio.Storage) error {
	return s.Revoke(ctx, "acc1", "session1", "KEY")
}

func tryPurge(ctx context.Context, s *minio.Storage) error { return s.PurgeUser(ctx, "acc1") }

func tryShutOut(ctx context.Context, s *minio.Storage) error {
	return s.SetActive(ctx, "acc1", false)
}

func tryLetIn(ctx context.Context, s *minio.Storage) error { return s.SetActive(ctx, "acc1", true) }

func tryCount(ctx context.Context, s *minio.Storage) error {
	_, err := s.CountObjects(ctx, "acc1", 5000)
	return err
}

func tryPicture(ctx context.Context, s *minio.Storage) error {
	_, err := s.PutPicture(ctx, "acc1", []byte("picture"))
	return err
}

func tryRemovePictures(ctx context.Context, s *minio.Storage) error {
	return s.RemovePictures(ctx, "acc1")
}

func tryGrant(ctx context.Context, s *minio.Storage) error {
	_, err := s.Grant(ctx, "acc1", secret, "session1", time.Hour)
	return err
}

func TestClassification(t *testing.T) {
	answers := map[string]struct {
		answer  answering
		refused bool
	}{
		"cut":             {cut, false},
		"too long":        {flood, false},
		"web page":        {status(200, "<html>Welcome</html>"), false},
		"redirect":        {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere, http.StatusFound) }, false},
		"400":             {status(400, `{"Code":"XMinioAdminInvalidSecretKey"}`), true},
		"403":             {status(403, `<Error><Code>AccessDenied</Code></Error>`), true},
		"404 of a proxy":  {status(404, "<html>not found</html>"), true},
		"429":             {status(429, ""), true},
		"408":             {status(408, ""), false},
		"499":             {status(499, `{"Code":"ClientDisconnected"}`), false},
		"500":             {status(500, `{"Code":"InternalError"}`), false},
		"503":             {status(503, `{"Code":"SlowDown"}`), false},
		"secrets in code": {status(500, `{"Code":"`+secret.Reveal()+` `+adminPassword.Reveal()+`"}`), false},
	}
	for opName, op := range operations {
		for answerName, a := range answers {
			t.Run(opName+"/"+answerName, func(t *testing.T) {
				t.Parallel()
				s, calls := badServer(t, op.call, a.answer)
				err := op.try(t.Context(), s)
				want := (a.refused || op.harmless) && !op.late
				requireFailure(t, err, want)
				require.LessOrEqual(t, calls.Load(), int64(1), "nobody repeats a write")
			})
		}
	}
}

// requireFailure wants the port's error, refused or not, without a secret.
func requireFailure(t *testing.T, err error, refused bool) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, app.StorageFailed, app.KindOf(err))
	require.Equal(t, refused, saga.IsRefused(err), "%v", err)
	for _, hidden := range []app.Secret{secret, adminPassword} {
		require.NotContains(t, err.Error(), hidden.Reveal())
	}
}

func TestUnreachableIsRefused(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	endpoints := map[string]string{
		"nobody listens":  closed.URL,
		"no TLS there":    strings.Replace(plain.URL, "http://", "https://", 1),
		"name is unknown": "http://storage.invalid",
	}
	for name, endpoint := range endpoints {
		for opName, op := range operations {
			t.Run(name+"/"+opName, func(t *testing.T) {
				t.Parallel()
				requireFailure(t, op.try(t.Context(), fakeEndpoint(t, endpoint, time.Minute)), true)
			})
		}
	}
}

var hangs = map[string]answering{"before the answer": hang, "within the answer": hangInBody}

// A caller that gives up while the request is under way cannot know either.
func TestCallerGivesUp(t *testing.T) {
	for hangName, answer := range hangs {
		for opName, op := range operations {
			t.Run(hangName+"/"+opName, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				s, _ := badServer(t, op.call, func(w http.ResponseWriter, r *http.Request) {
					cancel()
					answer(w, r)
				})
				err := op.try(ctx, s)
				requireFailure(t, err, op.harmless)
				require.ErrorIs(t, err, context.Canceled)
			})
		}
	}
}

// A server that never answers is given up on without the caller's help.
func TestTimeout(t *testing.T) {
	for name, answer := range hangs {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(answer))
			t.Cleanup(server.Close)
			s := fakeEndpoint(t, server.URL, 100*time.Millisecond)
			requireFailure(t, s.RemoveUser(t.Context(), "acc1"), false)
			requireFailure(t, s.CreateUser(t.Context(), "acc1", secret), true)
			requireFailure(t, s.Revoke(t.Context(), "acc1", "session1", "KEY"), true)
		})
	}
}

func TestNonsenseFromAdmin(t *testing.T) {
	for name, a := range map[string]answering{
		"empty":          status(200, ""),
		"no status":      status(200, `{}`),
		"another's JSON": status(200, `[1,2]`),
		"null":           status(200, `null`),
	} {
		t.Run("user-info/"+name, func(t *testing.T) {
			s, _ := badServer(t, "user-info", a)
			err := tryCreate(t.Context(), s)
			requireFailure(t, err, true)
			require.ErrorContains(t, err, "user-info", "it must not pass for a user that exists")
		})
	}
	for name, a := range map[string]answering{
		"empty":   status(200, ""),
		"JSON":    status(200, `{"Credentials":{}}`),
		"no keys": status(200, strings.ReplaceAll(lentXML, "<SessionToken>T</SessionToken>", "")),
		"no time": status(200, strings.ReplaceAll(lentXML, "2026-01-01T00:00:00Z", "")),
	} {
		t.Run("AssumeRole/"+name, func(t *testing.T) {
			s, _ := badServer(t, "AssumeRole", a)
			g, err := s.Grant(t.Context(), "acc1", secret, "session1", time.Hour)
			requireFailure(t, err, false)
			require.Zero(t, g)
		})
	}
	for name, a := range map[string]answering{
		"empty": status(200, ""), "not sealed": status(200, `{"acc1":{"status":"enabled"}}`),
		"garbage": status(200, strings.Repeat("\x02", 200)),
	} {
		t.Run("list-users/"+name, func(t *testing.T) {
			s, _ := badServer(t, "list-users", a)
			_, err := s.Users(t.Context())
			requireFailure(t, err, true)
		})
	}
}

func TestGoodAnswers(t *testing.T) {
	for name, op := range operations {
		s, _ := badServer(t, "none", nil)
		require.NoError(t, op.try(t.Context(), s), name)
	}
}

// What the server says is on its disk and denies at each removal may be there.
func TestDenialsEnd(t *testing.T) {
	const noUser = `{"Code":"XMinioAdminNoSuchUser"}`
	good, removals := goodServer(), new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch called(r) {
		case "user-info":
			status(http.StatusOK, `{"status":"enabled","policyName":"homes"}`)(w, r)
		case "remove-user", "set-user-status":
			removals.Add(1)
			status(http.StatusNotFound, noUser)(w, r)
		default:
			good(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s := fakeEndpoint(t, server.URL, time.Minute)
	for _, try := range []func(context.Context, *minio.Storage) error{tryRemove, tryShutOut, tryPurge} {
		requireFailure(t, try(t.Context(), s), false)
		require.Less(t, removals.Swap(0), int64(10))
	}
}
