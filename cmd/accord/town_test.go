package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/secure-io/sio-go"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/errgroup"

	"accord/adapters/keyring"
	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

// town is a number of accounts that are alike, by number from 1 on.
type town int

func (town) id(i int) string           { return fmt.Sprintf("260101%08d", i) }
func (town) name(i int) string         { return fmt.Sprintf("person%08d", i) }
func (town) email(i int) string        { return fmt.Sprintf("person%08d@example.com", i) }
func (town) giteaID(i int) int         { return i + 1 } // the administrator has the first
func (c town) storageKey(i int) string { return app.StorageKeyOf(c.id(i)) }

// fill puts the town's accounts into a database, by the numbers that they have
// in Gitea.
func (c town) fill(t testing.TB, file string) {
	t.Helper()
	db, err := sql.Open(store.SQLite, file)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.ExecContext(t.Context(), `
		WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < ?)
		INSERT INTO accounts (id, user_id, username, username_key, email, email_verified, country, mobile, nickname, avatar_url,
			description, website, location, status, leaving_until, password_hash, credential_epoch, gitea_id, gitea_origin,
			storage_key, storage_origin, created_at, updated_at)
		SELECT printf('260101%08d', i), i, printf('person%08d', i), printf('person%08d', i), printf('person%08d@example.com', i), 1,
			'', '', '', '', '', '', '', 'normal', 0, '$argon2id$', 1, i + 1, 'created', printf('acc260101%08d', i), 'created', 1, 1
		FROM numbers`, int(c))
	require.NoError(t, err)
}

// wired are the parts of an Accord with that configuration and nothing else in
// its database than the town.
func (c town) wired(t testing.TB, conf config.Config) *parts {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "accord.db")
	conf.Database.DSN, conf.Keys.File = app.Secret(file), filepath.Join(dir, "keys.json")
	conf.Mail.Host, conf.Mail.From = "localhost", "accord@example.com"
	ring, err := keyring.LoadOrGenerate(conf.Keys.File)
	require.NoError(t, err)
	require.NoError(t, migrate(t.Context(), conf, ring, io.Discard))
	c.fill(t, file)
	p, err := wire(t.Context(), conf, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.close(context.Background())) })
	return p
}

// onServersOfItsOwn are the parts of an Accord whose Gitea and storage are
// handlers in this process, which answer about the town in the form and the
// pieces in which the real ones do, and keep nothing.
func (c town) onServersOfItsOwn(t testing.TB) *parts {
	t.Helper()
	gitea := httptest.NewServer(c.gitea())
	t.Cleanup(gitea.Close)
	const password = "password of the storage"
	storage := httptest.NewServer(c.storage(password))
	t.Cleanup(storage.Close)
	conf := config.Default()
	conf.Gitea.URL, conf.Gitea.AdminUser, conf.Gitea.AdminPassword = gitea.URL, "root", "password of Gitea"
	conf.Storage.Endpoint, conf.Storage.AdminUser, conf.Storage.AdminPassword = storage.URL, "root", password
	return c.wired(t, conf)
}

// gitea lists users in pages of 50 by number, as real ones do unless told
// otherwise, and no tokens of anybody.
func (c town) gitea() http.Handler {
	const page = 50
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/admin/users", func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.Atoi(r.FormValue("page"))
		if err != nil || r.FormValue("sort") != "id" || r.FormValue("order") != "asc" {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		limit, _ := strconv.Atoi(r.FormValue("limit"))
		limit = min(limit, page)
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		w.Header().Set("X-Total-Count", strconv.Itoa(int(c)+1))
		between := "["
		for i := (number - 1) * limit; i < min(number*limit, int(c)+1); i++ {
			_, _ = io.WriteString(w, between+c.giteaUser(i))
			between = ","
		}
		if between == "[" {
			_, _ = io.WriteString(w, between)
		}
		_, _ = io.WriteString(w, "]\n")
	})
	mux.HandleFunc("GET /api/v1/admin/emails", func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.Atoi(r.FormValue("page"))
		if err != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("X-Total-Count", strconv.Itoa(int(c)))
		between := "["
		for i := (number-1)*page + 1; i <= min(number*page, int(c)); i++ {
			_, _ = fmt.Fprintf(w, `%s{"email":%q,"verified":true,"primary":true,"user_id":%d,"username":%q}`, between, c.email(i), c.giteaID(i), c.name(i))
			between = ","
		}
		if between == "[" {
			_, _ = io.WriteString(w, between)
		}
		_, _ = io.WriteString(w, "]\n")
	})
	mux.HandleFunc("GET /api/v1/users/{user}/tokens", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Total-Count", "0")
		_, _ = io.WriteString(w, "[]\n")
	})
	return mux
}

// giteaUser is what Gitea tells of one; of the administrator for 0.
func (c town) giteaUser(i int) string {
	name, email, login := c.name(i), c.email(i), "accord:"+c.id(i)
	if i == 0 {
		name, email, login = "root", "root@example.com", ""
	}
	return fmt.Sprintf(`{"id":%d,"login":%q,"login_name":%q,"source_id":0,"full_name":"","email":%q,`+
		`"avatar_url":"http://gitea.example.com/avatars/0123456789abcdef0123456789abcdef","html_url":"http://gitea.example.com/%s",`+
		`"language":"","is_admin":%t,"last_login":"1970-01-01T00:00:00Z","created":"2026-01-01T00:00:00Z","restricted":false,`+
		`"active":true,"prohibit_login":false,"location":"","website":"","description":"","visibility":"public",`+
		`"followers_count":0,"following_count":0,"starred_repos_count":0,"username":%q}`,
		c.giteaID(i), name, login, email, name, i == 0, name)
}

// storage lists users in one sealed answer.
func (c town) storage(password string) http.Handler {
	salt := make([]byte, 32)
	_, _ = rand.Read(salt) // never fails
	key := argon2.IDKey([]byte(password), salt, 1, 64<<10, 4, 32)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /minio/admin/v3/list-users", func(w http.ResponseWriter, _ *http.Request) {
		stream, err := sio.AES_256_GCM.Stream(key)
		if err != nil {
			panic(err)
		}
		nonce := make([]byte, stream.NonceSize())
		_, _ = rand.Read(nonce) // never fails
		_, _ = w.Write(append(append(append([]byte{}, salt...), 0), nonce...))
		sealed := stream.EncryptWriter(w, nonce, nil)
		between := "{"
		for i := 1; i <= int(c); i++ {
			_, _ = fmt.Fprintf(sealed, `%s%q:{"policyName":"accord-home","status":"enabled","updatedAt":"2026-01-01T00:00:00Z"}`,
				between, c.storageKey(i))
			between = ","
		}
		_, _ = io.WriteString(sealed, "}")
		_ = sealed.Close()
	})
	return mux
}

// onRealServers are the parts of an Accord on a site's servers, where each of
// the town has been made.
func (c town) onRealServers(t testing.TB, s site) *parts {
	t.Helper()
	numbers := make([]int64, c+1)
	p := c.wired(t, s.Config)
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(4)
	for i := 1; i <= int(c); i++ {
		group.Go(func() (err error) {
			numbers[i], err = p.gitea.CreateUser(ctx, app.DirectoryUser{
				AccountID: c.id(i), Username: c.name(i), Email: c.email(i), Password: "1qazxsw2-of-everybody",
			})
			if err == nil {
				err = p.storage.CreateUser(ctx, c.storageKey(i), "a secret of everybody that is long")
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	for i := 1; i <= int(c); i++ {
		require.NoError(t, p.store.Repairs.SetDirectoryUser(t.Context(), c.id(i), numbers[i], app.SamePassword, time.Now()))
	}
	return p
}

// adminToken spares Gitea a check of the password on every request.
func (s site) adminToken(t testing.TB) app.Secret {
	t.Helper()
	status, text := giteaAdmin{s}.send(t, http.MethodPost, "/users/"+s.Config.Gitea.AdminUser+"/tokens", map[string]any{
		"name": rand.Text(), "scopes": []string{"write:admin", "read:user"},
	})
	require.Equal(t, http.StatusCreated, status)
	var made struct {
		Token app.Secret `json:"sha1"`
	}
	require.NoError(t, json.Unmarshal(text, &made))
	return made.Token
}
