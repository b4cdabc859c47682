package main

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jmoiron/sqlx"
	miniogo "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"accord/app"
)

// comparison reads the three systems at their sources and notes what does not
// agree, by the account that it is about.
type comparison struct {
	t        testing.TB
	site     site
	db       *sqlx.DB
	accounts []accountRow
	gitea    []giteaUser
	storage  map[string]app.StorageView
	// stored are the access keys on the storage's disk.
	stored []string
	// open are the sessions that live, by id.
	open  map[string]string
	found []discord
}

// discord is one thing that is not as it must be; account may be empty.
type discord struct{ account, what string }

// giteaUser is a user as Gitea tells an administrator.
type giteaUser struct {
	ID            int64  `json:"id"`
	Login         string `json:"login"`
	LoginName     string `json:"login_name"`
	Email         string `json:"email"`
	FullName      string `json:"full_name"`
	Description   string `json:"description"`
	Website       string `json:"website"`
	Location      string `json:"location"`
	AvatarURL     string `json:"avatar_url"`
	IsAdmin       bool   `json:"is_admin"`
	ProhibitLogin bool   `json:"prohibit_login"`
	Created       string `json:"created"`
}

// compare looks at everything while nothing changes.
func compare(t testing.TB, s *chaosSite, db *sqlx.DB, foreign *foreigners) *comparison {
	t.Helper()
	c := &comparison{t: t, site: s.direct, db: db, stored: s.storedUsers(t), open: map[string]string{}}
	c.read()
	c.accountsOnGitea(foreign)
	c.accountsInStorage(foreign)
	c.accountsOnDisk(foreign)
	c.sessionsAndTokens()
	c.sagasAreOver()
	c.auditIsWhole()
	return c
}

func (c *comparison) wrong(account, format string, args ...any) {
	c.found = append(c.found, discord{account, fmt.Sprintf(format, args...)})
}

func (c *comparison) read() {
	c.t.Helper()
	require.NoError(c.t, c.db.SelectContext(c.t.Context(), &c.accounts, accountRowColumns+"ORDER BY id"))
	rows := []struct {
		ID      string `db:"id"`
		Account string `db:"account_id"`
	}{}
	require.NoError(c.t, c.db.SelectContext(c.t.Context(), &rows, "SELECT id, account_id FROM sessions WHERE opened_at > 0 AND closed_at = 0"))
	for _, row := range rows {
		c.open[row.ID] = row.Account
	}
	for page := 1; ; page++ {
		status, text := giteaAdmin{c.site}.send(c.t, http.MethodGet, fmt.Sprintf("/admin/users?limit=50&sort=id&order=asc&page=%d", page), nil)
		require.Equal(c.t, http.StatusOK, status)
		var users []giteaUser
		require.NoError(c.t, json.Unmarshal(text, &users))
		c.gitea = append(c.gitea, users...)
		if len(users) < 50 {
			break
		}
	}
	s := c.site.Storage
	s.Timeout = settling // the listing is slow by itself
	storage, err := newStorage(s, nil)
	require.NoError(c.t, err)
	defer storage.Close()
	c.storage, err = storage.Users(c.t.Context())
	require.NoError(c.t, err)
}

func (c *comparison) accountsOnGitea(foreign *foreigners) {
	byMark := map[string][]giteaUser{}
	for _, u := range c.gitea {
		mark, ours := strings.CutPrefix(u.LoginName, "accord:")
		switch {
		case ours:
			byMark[mark] = append(byMark[mark], u)
		case !u.IsAdmin && !foreign.has(u.Login):
			c.wrong("", "Gitea has a user %q that nobody made", u.Login)
		}
	}
	for _, a := range c.accounts {
		users := byMark[a.ID]
		delete(byMark, a.ID)
		if a.Status == string(app.Reserved) {
			c.wrong(a.ID, "the account %q is still reserved", a.Username)
		}
		if !a.held() && len(users) > 0 {
			c.wrong(a.ID, "an account in status %s has the user %q in Gitea, made at %s", a.Status, users[0].Login, users[0].Created)
		}
		if !a.held() {
			continue
		}
		if len(users) != 1 {
			c.wrong(a.ID, "the account %q in status %s has %d users in Gitea", a.Username, a.Status, len(users))
			continue
		}
		c.equalOnGitea(a, users[0])
	}
	for mark, users := range byMark {
		c.wrong(mark, "Gitea has the user %q, made at %s, whose mark no account has", users[0].Login, users[0].Created)
	}
}

func (c *comparison) equalOnGitea(a accountRow, u giteaUser) {
	is := []any{u.ID, u.Login, u.Email, u.ProhibitLogin, u.FullName, u.Description, u.Website, u.Location}
	want := []any{a.GiteaID, a.Username, a.Email, a.Status == string(app.Leaving), a.Nickname, a.Description, a.Website, a.Location}
	for i, what := range []string{"number", "name", "address", "prohibit_login", "full name", "description", "website", "location"} {
		if is[i] != want[i] {
			c.wrong(a.ID, "%s: the %s in Gitea is %v, and %v here", a.Username, what, is[i], want[i])
		}
	}
	if a.AvatarURL == "" {
		return
	}
	ours, err := c.colour(a.AvatarURL)
	theirs, theirErr := c.colour(u.AvatarURL)
	if err != nil || theirErr != nil || ours != theirs {
		c.wrong(a.ID, "%s: the avatar in Gitea is %v (%v), and %v (%v) here", a.Username, theirs, theirErr, ours, err)
	}
}

// colour is that of the middle of a picture.
func (c *comparison) colour(address string) ([3]uint8, error) {
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		return [3]uint8{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return [3]uint8{}, err
	}
	defer func() { _ = response.Body.Close() }()
	picture, _, err := image.Decode(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return [3]uint8{}, fmt.Errorf("%s: %d: %w", address, response.StatusCode, err)
	}
	middle := picture.Bounds().Size().Div(2)
	r, g, b, _ := picture.At(middle.X, middle.Y).RGBA()
	return [3]uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)}, nil
}

func (c *comparison) accountsInStorage(foreign *foreigners) {
	left := map[string]bool{}
	for key := range c.storage {
		left[key] = true
	}
	homes, pictures := c.homes(), c.folders(c.site.Storage.Bucket+"-public")
	for _, a := range c.accounts {
		user, found := c.storage[a.StorageKey]
		delete(left, a.StorageKey)
		switch {
		case a.held() && !found:
			c.wrong(a.ID, "the account %q in status %s has no user in the storage", a.Username, a.Status)
		case !a.held() && found:
			c.wrong(a.ID, "an account in status %s has the user %s in the storage", a.Status, a.StorageKey)
		case a.held() && (user.Enabled != (a.Status == string(app.Normal)) || !user.Home):
			c.wrong(a.ID, "%s: in status %s the storage's user is enabled: %v, with the policy: %v", a.Username, a.Status, user.Enabled, user.Home)
		}
		if a.Status == string(app.Deleted) && (homes[a.StorageKey] || pictures[a.ID]) {
			c.wrong(a.ID, "a deleted account has objects: %v, pictures: %v", homes[a.StorageKey], pictures[a.ID])
		}
	}
	for key := range left {
		if key != foreign.storageKey {
			c.wrong("", "the storage has a user %s that nobody made", key)
		}
	}
}

// accountsOnDisk: the storage has those users on its disk that it should have,
// whatever it remembers.
func (c *comparison) accountsOnDisk(foreign *foreigners) {
	holders := map[string]bool{}
	for _, a := range c.accounts {
		stored := slices.Contains(c.stored, a.StorageKey)
		if a.held() != stored {
			c.wrong(a.ID, "an account in status %s: its user %s is on the storage's disk: %v", a.Status, a.StorageKey, stored)
		}
		holders[a.StorageKey] = true
	}
	for _, key := range c.stored {
		if !holders[key] && key != foreign.storageKey {
			c.wrong("", "the storage has a user %s on its disk that nobody made", key)
		}
	}
}

// homes are the access keys that have a bucket with objects.
func (c *comparison) homes() map[string]bool {
	admin := storageAs(c.t, c.site, c.site.Storage.AdminUser, c.site.Storage.AdminPassword.Reveal())
	buckets, err := admin.ListBuckets(c.t.Context())
	require.NoError(c.t, err)
	found := map[string]bool{}
	for _, bucket := range buckets {
		if key, ours := strings.CutPrefix(bucket.Name, c.site.Storage.Bucket+"-"); ours {
			found[key] = len(c.folders(bucket.Name)) > 0
		}
	}
	return found
}

// folders are the first parts of a bucket's names.
func (c *comparison) folders(bucket string) map[string]bool {
	found := map[string]bool{}
	for object := range storageAs(c.t, c.site, c.site.Storage.AdminUser, c.site.Storage.AdminPassword.Reveal()).
		ListObjects(c.t.Context(), bucket, miniogo.ListObjectsOptions{}) {
		require.NoError(c.t, object.Err)
		found[strings.TrimSuffix(object.Key, "/")] = true
	}
	return found
}

func storageAs(t testing.TB, s site, key, secret string) *miniogo.Client {
	t.Helper()
	endpoint, err := url.Parse(s.Storage.Endpoint)
	require.NoError(t, err)
	made, err := miniogo.New(endpoint.Host, &miniogo.Options{
		Creds: credentials.NewStaticV4(key, secret, ""), Region: s.Storage.Region, MaxRetries: 1,
	})
	require.NoError(t, err)
	return made
}

// sessionsAndTokens: a Gitea token of ours for each live session, and no other.
func (c *comparison) sessionsAndTokens() {
	tokens := make([][]string, len(c.gitea))
	var group errgroup.Group
	group.SetLimit(4)
	for i, u := range c.gitea {
		if !strings.HasPrefix(u.LoginName, "accord:") {
			continue
		}
		group.Go(func() (err error) {
			tokens[i], err = c.tokensOf(u.Login)
			return err
		})
	}
	require.NoError(c.t, group.Wait())
	with := map[string]bool{}
	for i, names := range tokens {
		account := strings.TrimPrefix(c.gitea[i].LoginName, "accord:")
		for _, name := range names {
			id, ours := strings.CutPrefix(name, "accord-")
			switch {
			case !ours:
				c.wrong(account, "Gitea has a token %q of %s that is none of ours", name, c.gitea[i].Login)
			case c.open[id] != account:
				c.wrong(account, "Gitea has a token of %s whose session %s does not live", c.gitea[i].Login, id)
			case with[id]:
				c.wrong(account, "Gitea has two tokens of session %s", id)
			}
			with[id] = true
		}
	}
	for id, account := range c.open {
		if !with[id] {
			c.wrong(account, "the session %s lives, and Gitea has no token of it", id)
		}
	}
}

func (c *comparison) tokensOf(user string) ([]string, error) {
	var names []string
	for page := 1; ; page++ {
		request, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet,
			fmt.Sprintf("%s/api/v1/users/%s/tokens?limit=50&page=%d", c.site.Gitea.URL, user, page), http.NoBody)
		if err != nil {
			return nil, err
		}
		request.SetBasicAuth(c.site.Gitea.AdminUser, c.site.Gitea.AdminPassword.Reveal())
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		var tokens []struct{ Name string }
		err = json.NewDecoder(response.Body).Decode(&tokens)
		_ = response.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("tokens of %s: %d: %w", user, response.StatusCode, err)
		}
		for _, token := range tokens {
			names = append(names, token.Name)
		}
		if len(tokens) < 50 {
			return names, nil
		}
	}
}

// sagasAreOver: none goes on or is stuck, none holds an account or a state, and
// no entry was written under an epoch that was over.
func (c *comparison) sagasAreOver() {
	var sagas []struct{ ID, Flow, Subject, Phase, Reason string }
	require.NoError(c.t, c.db.SelectContext(c.t.Context(), &sagas, `SELECT id, flow, subject, phase, reason FROM sagas
		WHERE phase NOT IN ('committed', 'aborted') OR stuck = 1 OR state IS NOT NULL`))
	for _, s := range sagas {
		c.wrong(s.Subject, "the saga %s, %s, is %s: %s", s.ID, s.Flow, s.Phase, s.Reason)
	}
	var holds []string
	require.NoError(c.t, c.db.SelectContext(c.t.Context(), &holds, "SELECT subject FROM saga_holds"))
	for _, subject := range holds {
		c.wrong(subject, "a saga that is over holds the account")
	}
	var reserved []string
	require.NoError(c.t, c.db.SelectContext(c.t.Context(), &reserved, "SELECT account_id FROM sessions WHERE opened_at = 0"))
	for _, account := range reserved {
		c.wrong(account, "a session is still reserved")
	}
	var fenced []struct {
		ID, Subject string
		Seq         int64
	}
	require.NoError(c.t, c.db.SelectContext(c.t.Context(), &fenced, `SELECT s.id, s.subject, e.seq FROM saga_entries e
		JOIN saga_entries f ON f.saga_id = e.saga_id AND f.seq = e.seq - 1 JOIN sagas s ON s.id = e.saga_id
		WHERE e.epoch < f.epoch`))
	for _, f := range fenced {
		c.wrong(f.Subject, "the saga %s was written to by a fenced runner: entry %d", f.ID, f.Seq)
	}
}

// histories tell what was done with an account.
func histories(t testing.TB, db *sqlx.DB, account string) string {
	t.Helper()
	var entries []struct {
		ID, Flow, Event, Step, Cause string
		Epoch, At                    int64
	}
	require.NoError(t, db.SelectContext(t.Context(), &entries, `SELECT s.id, s.flow, e.event, e.step, e.cause, e.epoch, e.at
		FROM sagas s JOIN saga_entries e ON e.saga_id = s.id WHERE s.subject = ? ORDER BY s.created_at, s.id, e.seq`, account))
	var text strings.Builder
	last := ""
	for _, e := range entries {
		if e.ID != last {
			fmt.Fprintf(&text, "\n    saga %s: %s\n", e.ID, e.Flow)
			last = e.ID
		}
		fmt.Fprintf(&text, "      %s epoch %d %-11s %s %s\n", clock(e.At), e.Epoch, e.Event, e.Step, e.Cause)
	}
	return text.String()
}

// foreigners are users that were made by hand before everything.
type foreigners struct {
	site       site
	people     []person
	before     []giteaUser
	keys       []string
	tokens     []string
	storageKey string
	secret     string
}

func newForeigners(t testing.TB, s site) *foreigners {
	t.Helper()
	f := &foreigners{site: s, storageKey: "foreign", secret: "a-secret-of-its-own"}
	admin := giteaAdmin{s}
	for range 3 {
		p := newPerson()
		admin.create(t, p)
		status, _ := f.as(t, p, http.MethodPost, "/user/keys", map[string]string{"title": "mine", "key": anSSHKey(t)})
		require.Equal(t, http.StatusCreated, status)
		status, text := f.as(t, p, http.MethodPost, "/users/"+p.name+"/tokens", map[string]any{"name": "accord-mine", "scopes": []string{"read:user"}})
		require.Equal(t, http.StatusCreated, status)
		var token struct{ SHA1 string }
		require.NoError(t, json.Unmarshal(text, &token))
		f.people, f.tokens = append(f.people, p), append(f.tokens, token.SHA1)
	}
	f.before, f.keys = f.now(t)
	require.NoError(t, newForeignStorageUser(t, s, f.storageKey, f.secret))
	require.NoError(t, f.put(t))
	return f
}

func (f *foreigners) has(name string) bool {
	return slices.ContainsFunc(f.people, func(p person) bool { return p.name == name })
}

// now is what Gitea says of them, and their keys.
func (f *foreigners) now(t testing.TB) (users []giteaUser, keys []string) {
	t.Helper()
	for _, p := range f.people {
		status, text := giteaAdmin{f.site}.send(t, http.MethodGet, "/users/"+p.name, nil)
		require.Equal(t, http.StatusOK, status, "a foreign user is gone")
		var user giteaUser
		require.NoError(t, json.Unmarshal(text, &user))
		_, text = f.as(t, p, http.MethodGet, "/user/keys", nil)
		users, keys = append(users, user), append(keys, string(text))
	}
	return users, keys
}

// as sends a request by a person's own password.
func (f *foreigners) as(t testing.TB, p person, method, path string, body any) (int, []byte) {
	t.Helper()
	by := f.site
	by.Gitea.AdminUser, by.Gitea.AdminPassword = p.name, app.Secret(p.password)
	return giteaAdmin{by}.send(t, method, path, body)
}

// untouched notes what of them is not as it was.
func (f *foreigners) untouched(c *comparison) {
	users, keys := f.now(c.t)
	for i, p := range f.people {
		if users[i] != f.before[i] || keys[i] != f.keys[i] {
			c.wrong("", "the foreign user %s is not what it was: %+v, %s", p.name, users[i], keys[i])
		}
		if status := giteaStatus(c.t, f.site.Gitea.URL+"/api/v1/user", func(r *http.Request) {
			r.Header.Set("Authorization", "token "+f.tokens[i])
		}); status != http.StatusOK {
			c.wrong("", "the token of the foreign user %s is answered %d", p.name, status)
		}
	}
	if is, err := f.object(c.t); err != nil || is != foreignObject {
		c.wrong("", "the object of the foreign user of the storage is not what it was: %q (%v)", is, err)
	}
	if err := f.put(c.t); err != nil {
		c.wrong("", "the foreign user of the storage cannot write: %v", err)
	}
}

// foreignObject is what the storage's foreign user keeps there.
const foreignObject = "kept by somebody else"

// put writes the object of the storage's foreign user, by that user.
func (f *foreigners) put(t testing.TB) error {
	t.Helper()
	_, err := storageAs(t, f.site, f.storageKey, f.secret).PutObject(t.Context(), f.site.Storage.Bucket+"-"+f.storageKey, f.storageKey+"/mine",
		strings.NewReader(foreignObject), int64(len(foreignObject)), miniogo.PutObjectOptions{})
	return err
}

// object reads it back, by the same.
func (f *foreigners) object(t testing.TB) (string, error) {
	t.Helper()
	object, err := storageAs(t, f.site, f.storageKey, f.secret).
		GetObject(t.Context(), f.site.Storage.Bucket+"-"+f.storageKey, f.storageKey+"/mine", miniogo.GetObjectOptions{})
	if err != nil {
		return "", err
	}
	defer func() { _ = object.Close() }()
	text, err := io.ReadAll(io.LimitReader(object, 1<<10))
	return string(text), err
}

// newForeignStorageUser makes a user past Accord, with a home of its own.
func newForeignStorageUser(t testing.TB, s site, key, secret string) error {
	t.Helper()
	storage, err := newStorage(s.Storage, nil)
	require.NoError(t, err)
	defer storage.Close()
	return storage.CreateUser(context.Background(), key, app.Secret(secret))
}
