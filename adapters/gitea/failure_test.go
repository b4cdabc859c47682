package gitea_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
	"accord/app"
	"accord/saga"
)

// Credentials that must not be seen anywhere.
const (
	adminPassword = "Admin-Secret-1"
	adminToken    = "0123456789abcdef0123456789abcdef01234567"
	userPassword  = "User-Secret-1"
	madeToken     = "fedcba9876543210fedcba9876543210fedcba98"
)

// standIn is a directory on a server that answers so.
func standIn(t *testing.T, handler http.HandlerFunc) *gitea.Directory {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return newDirectory(t, gitea.Options{URL: s.URL, AdminUser: "root", AdminPassword: adminPassword, AdminToken: adminToken})
}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

var someone = app.DirectoryUser{AccountID: "26010100000001", Username: "amy", Email: "amy@example.com", Password: userPassword}

// ours is the user as Gitea shows it.
const ours = `{"id":7,"active":true,"login":"amy","login_name":"accord:26010100000001","email":"amy@example.com"}`

// amy is the user that ours shows.
var amy = app.DirectoryRef{AccountID: someone.AccountID, Username: "amy"}

// pngOfOne is a picture of one point.
const pngOfOne = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU" +
	"\x00\x00\x00\nIDATx\x9cc\xf8\x0f\x00\x01\x01\x01\x00\x1b\xb6\xeeV\x00\x00\x00\x00IEND\xaeB`\x82"

// look answers as a Gitea that has amy, who has nothing.
func look(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Total-Count", "0")
	switch last := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]; {
	case r.URL.Path == "/api/v1/users/amy":
		_, _ = io.WriteString(w, ours)
	case last == "tokens":
		_, _ = io.WriteString(w, `[{"id":3,"name":"accord-x"}]`)
	default:
		_, _ = io.WriteString(w, "[]")
	}
}

// writes are the calls of app.Directory that change something.
func writes(d *gitea.Directory) map[string]func(context.Context) error {
	all := calls(d)
	delete(all, "profile")
	delete(all, "belongings")
	return all
}

// calls are those of app.Directory.
func calls(d *gitea.Directory) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"profile":    func(ctx context.Context) error { _, err := d.Profile(ctx, amy); return err },
		"belongings": func(ctx context.Context) error { _, err := d.Belongings(ctx, amy); return err },
		"set profile": func(ctx context.Context) error {
			return d.SetProfile(ctx, amy, app.DirectoryProfile{FullName: "Amy"})
		},
		"set avatar":   func(ctx context.Context) error { return d.SetAvatar(ctx, amy, []byte(pngOfOne)) },
		"set password": func(ctx context.Context) error { return d.SetPassword(ctx, amy, userPassword) },
		"set email":    func(ctx context.Context) error { return d.SetEmail(ctx, amy, "new@example.com") },
		"let in":       func(ctx context.Context) error { return d.SetActive(ctx, amy, true) },
		"shut out":     func(ctx context.Context) error { return d.SetActive(ctx, amy, false) },
		"purge":        func(ctx context.Context) error { return d.PurgeUser(ctx, amy) },
		"create user":  func(ctx context.Context) error { _, err := d.CreateUser(ctx, someone); return err },
		"remove user":  func(ctx context.Context) error { return d.RemoveUser(ctx, "amy", someone.AccountID) },
		"create token": func(ctx context.Context) error { _, err := d.CreateToken(ctx, amy, "accord-x"); return err },
		"delete token": func(ctx context.Context) error { return d.DeleteToken(ctx, amy, "accord-x") },
	}
}

// What a server says to a request that changes something decides whether it
// certainly did nothing.
func TestFailuresAreClassified(t *testing.T) {
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	said := func(status int) http.HandlerFunc { return answer(status, `{"message":"no","url":"/api/swagger"}`) }
	// good is right for every call, but for its length.
	good := `{"id":7,"login":"amy","login_name":"accord:26010100000001","name":"accord-x","sha1":"x"}`
	for name, c := range map[string]struct {
		write   http.HandlerFunc
		refused bool
	}{
		"400":                  {said(400), true},
		"401":                  {said(401), true},
		"403":                  {said(403), true},
		"404 not by Gitea":     {answer(404, "404 page not found"), true},
		"404 by another API":   {answer(404, `{"message":"no Route matched"}`), true},
		"405":                  {answer(405, ""), true},
		"413":                  {answer(413, "<html>"), true},
		"422 of unknown sense": {said(422), true},
		"429":                  {answer(429, ""), true},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.invalid/", http.StatusFound)
		}, true},
		"500":                           {said(500), false},
		"502":                           {answer(502, "bad gateway"), false},
		"503":                           {answer(503, ""), false},
		"504":                           {answer(504, ""), false},
		"success that nobody asked for": {answer(202, "{}"), false},
		"nonsense":                      {answer(201, "<html>welcome to the wifi</html>"), false},
		"of another shape":              {answer(201, `[]`), false},
		"of another user":               {answer(201, `{"id":8,"login":"bob","login_name":"accord:26010100000001","name":"bob","sha1":"x"}`), false},
		"without the mark":              {answer(201, `{"id":8,"login":"amy","name":"x"}`), false},
		"endless":                       {answer(201, good+strings.Repeat(" ", 2<<20)), false},
		"cut before the answer":         {func(w http.ResponseWriter, _ *http.Request) { cut(w) }, false},
		"cut within the answer": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"id":7`)
		}, false},
	} {
		for call := range writes(nil) {
			t.Run(name+"/"+call, func(t *testing.T) {
				d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
					switch {
					case r.Method != http.MethodGet:
						c.write(w, r)
					case call == "create user" && r.URL.Path == "/api/v1/users/amy":
						said(404)(w, r)
					default:
						look(w, r)
					}
				})
				err := calls(d)[call](t.Context())
				require.Equal(t, app.DirectoryFailed, app.KindOf(err), "%v", err)
				refused := c.refused && !(call == "purge" && name == "422 of unknown sense") // can come half-way
				require.Equal(t, refused, saga.IsRefused(err), "%v", err)
			})
		}
	}
}

// A look that fails has changed nothing.
func TestFailedLooksAreRefused(t *testing.T) {
	for name, look := range map[string]http.HandlerFunc{
		"500":      func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"cut":      func(w http.ResponseWriter, _ *http.Request) { cut(w) },
		"nonsense": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") },
	} {
		t.Run(name, func(t *testing.T) {
			d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
				switch r.Method {
				case http.MethodGet:
					look(w, r)
				case http.MethodDelete:
					w.WriteHeader(http.StatusNoContent)
				default:
					w.WriteHeader(http.StatusUnprocessableEntity)
					_, _ = io.WriteString(w, `{"message":"user already exists [name: amy]","url":""}`)
				}
			})
			for call, do := range calls(d) {
				if call == "delete token" { // looks at nothing
					continue
				}
				err := do(t.Context())
				require.Equal(t, app.DirectoryFailed, app.KindOf(err), "%v", err)
				require.True(t, saga.IsRefused(err), "%v", err)
			}
		})
	}
}

// After a 500 it is not known whether the user was made, unless it is seen.
func TestServerErrorIsLookedInto(t *testing.T) {
	absent := `{"message":"user redirect does not exist","url":"/api/swagger"}`
	for _, said := range []string{"", `{"message":"user already exists","url":""}`, `{"message":"name is odd","url":""}`} {
		serverError(t, said, absent)
	}
}

func serverError(t *testing.T, said, absent string) {
	for name, c := range map[string]struct {
		status  int
		body    string
		kind    app.Kind
		refused bool
		id      int64
	}{
		"absent":    {404, absent, app.DirectoryFailed, false, 0},
		"unseen":    {503, "", app.DirectoryFailed, false, 0},
		"ours":      {200, ours, app.Internal, false, 7},
		"another's": {200, `{"id":8,"login":"Amy"}`, app.UserTaken, true, 0},
	} {
		t.Run(name+said, func(t *testing.T) {
			d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPost:
					w.WriteHeader(http.StatusInternalServerError)
					_, _ = io.WriteString(w, said)
				case strings.HasSuffix(r.URL.Path, "/emails/search"):
					_, _ = io.WriteString(w, "[]")
				default:
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, c.body)
				}
			})
			id, err := d.CreateUser(t.Context(), someone)
			require.Equal(t, c.id, id)
			require.Equal(t, c.id == 0, err != nil)
			require.Equal(t, c.kind, app.KindOf(err))
			require.Equal(t, c.refused, saga.IsRefused(err), "%v", err)
		})
	}
}

func TestNobodyListensIsRefused(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	d := newDirectory(t, gitea.Options{URL: "http://" + listener.Addr().String(), AdminUser: "root", AdminPassword: adminPassword})
	for call, do := range calls(d) {
		err := do(t.Context())
		require.Equal(t, app.DirectoryFailed, app.KindOf(err), "%s", call)
		require.True(t, saga.IsRefused(err), "%s: %v", call, err)
	}
}

func TestUntrustedCertificateIsRefused(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	d := newDirectory(t, gitea.Options{URL: s.URL, AdminUser: "root", AdminPassword: adminPassword})
	for call, do := range calls(d) {
		err := do(t.Context())
		require.True(t, saga.IsRefused(err), "%s: %v", call, err)
		require.ErrorContains(t, err, "certificate")
	}
}

// The request has left and nothing comes back: unknown, both by the time-out
// of the options and by the caller's context.
func TestSilenceIsUnknown(t *testing.T) {
	released := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			look(w, r)
			return
		}
		<-released
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(released) })
	o := gitea.Options{URL: s.URL, AdminUser: "root", AdminPassword: adminPassword}
	patient := newDirectory(t, o)
	o.Timeout = 50 * time.Millisecond
	for call, do := range writes(newDirectory(t, o)) {
		err := do(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded, "%s", call)
		require.False(t, saga.IsRefused(err), "%s: %v", call, err)
	}
	for call, do := range writes(patient) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := do(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded, "%s", call)
		require.False(t, saga.IsRefused(err), "%s: %v", call, err)
	}
}
