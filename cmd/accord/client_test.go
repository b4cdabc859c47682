package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	miniogo "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"
)

// client is a front-end of the API.
type client struct{ url string }

// answer is the envelope of the infinite dialect.
type answer struct {
	Code string         `json:"code"`
	Data map[string]any `json:"data"`
}

// call sends one request; the error is that of a server that does not answer.
func (c client) call(name, token string, body any) (answer, error) {
	return c.post("/api/user/"+name, token, body)
}

func (c client) post(path, token string, body any) (answer, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, c.url+path, bytes.NewReader(text))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	var a answer
	return a, json.NewDecoder(response.Body).Decode(&a)
}

// code is what a call answers with.
func (c client) code(t testing.TB, name, token string, body any) string {
	t.Helper()
	a, err := c.call(name, token, body)
	require.NoError(t, err)
	return a.Code
}

func (c client) register(p person) (answer, error) {
	return c.call("registerIndividual", "", map[string]string{"username": p.name, "email": p.email, "password": p.password})
}

// signIn must succeed.
func (c client) signIn(t testing.TB, p person) session {
	t.Helper()
	a, err := c.call("login", "", map[string]string{"username": p.name, "password": p.password})
	require.NoError(t, err)
	require.Equal(t, "General.Success", a.Code)
	s := session{client: c}
	text, err := json.Marshal(a.Data)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &s))
	return s
}

// session is what a sign-in gave.
type session struct {
	client
	AccountID   string `json:"accountId"`
	AccessToken string `json:"accessToken"`
	GiteaToken  string `json:"giteaToken"`
	Storage     struct {
		Endpoint, Region, Bucket, Prefix           string
		AccessKeyID, SecretAccessKey, SessionToken string
	} `json:"storage"`
}

// access is the code that the access token is answered with.
func (s session) access(t testing.TB) string {
	t.Helper()
	return s.code(t, "getUserDetail", s.AccessToken, struct{}{})
}

// gitea is the status that the Gitea token is answered with.
func (s session) gitea(t testing.TB, base string) int {
	t.Helper()
	return giteaStatus(t, base+"/api/v1/user", func(r *http.Request) { r.Header.Set("Authorization", "token "+s.GiteaToken) })
}

// put uploads an object below the prefix; the error's code is the server's.
func (s session) put(t testing.TB, prefix, name, text string) error {
	t.Helper()
	_, err := s.s3(t).PutObject(t.Context(), s.Storage.Bucket, prefix+name, strings.NewReader(text), int64(len(text)),
		miniogo.PutObjectOptions{})
	return err
}

// hello reads the object hello.txt of one's own.
func (s session) hello(t testing.TB) string {
	t.Helper()
	object, err := s.s3(t).GetObject(t.Context(), s.Storage.Bucket, s.Storage.Prefix+"hello.txt", miniogo.GetObjectOptions{})
	require.NoError(t, err)
	text, err := io.ReadAll(object)
	require.NoError(t, err)
	return string(text)
}

func (s session) s3(t testing.TB) *miniogo.Client {
	t.Helper()
	endpoint, err := url.Parse(s.Storage.Endpoint)
	require.NoError(t, err)
	made, err := miniogo.New(endpoint.Host, &miniogo.Options{
		Creds:  credentials.NewStaticV4(s.Storage.AccessKeyID, s.Storage.SecretAccessKey, s.Storage.SessionToken),
		Region: s.Storage.Region, MaxRetries: 1,
	})
	require.NoError(t, err)
	return made
}

// alive requires that all that the sign-in gave is good; dead that none of it is.
func (s session) alive(t testing.TB, gitea string) {
	t.Helper()
	require.Equal(t, "General.Success", s.access(t))
	require.Equal(t, http.StatusOK, s.gitea(t, gitea))
	require.NoError(t, s.put(t, s.Storage.Prefix, "alive.txt", "alive"))
}

func (s session) dead(t testing.TB, gitea string) {
	t.Helper()
	require.Contains(t, []string{"General.TokenInvalid", "General.TokenExpired"}, s.access(t))
	require.Equal(t, http.StatusUnauthorized, s.gitea(t, gitea))
	refused := miniogo.ToErrorResponse(s.put(t, s.Storage.Prefix, "dead.txt", "dead"))
	require.Equal(t, http.StatusForbidden, refused.StatusCode, refused.Code)
}

// giteaStatus is the status of a GET.
func giteaStatus(t testing.TB, address string, sign func(*http.Request)) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	require.NoError(t, err)
	sign(request)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

// push pushes a commit by the token, which creates the repository.
func (s session) push(t testing.TB, base string, p person) {
	t.Helper()
	dir := t.TempDir()
	remote := strings.Replace(base, "://", "://"+p.name+":"+s.GiteaToken+"@", 1) + "/" + p.name + "/hello.git"
	git(t, dir, "init", "-q", "-b", "main", ".")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README"), []byte("hello\n"), 0o600))
	git(t, dir, "add", "README")
	git(t, dir, "-c", "user.name="+p.name, "-c", "user.email="+p.email, "commit", "-q", "-m", "first")
	git(t, dir, "push", "-q", remote, "main")
	pushed := strings.Fields(git(t, dir, "ls-remote", remote, "refs/heads/main"))
	require.Equal(t, strings.TrimSpace(git(t, dir, "rev-parse", "HEAD")), pushed[0])
}

// createRepository has Accord create an empty repository.
func (s session) createRepository(t testing.TB, name string) {
	t.Helper()
	a, err := s.client.post("/api/session/repositories", s.AccessToken, map[string]any{"name": name})
	require.NoError(t, err)
	require.Equal(t, "General.Success", a.Code)
}

// pushLarge pushes a file by git LFS and fetches it into another clone. LFS uploads
// before git pushes, so that the repository must be there.
func (s session) pushLarge(t testing.TB, base string, p person) {
	t.Helper()
	dir, clone := t.TempDir(), filepath.Join(t.TempDir(), "clone")
	remote := strings.Replace(base, "://", "://"+p.name+":"+s.GiteaToken+"@", 1) + "/" + p.name + "/large.git"
	content := bytes.Repeat([]byte("large\n"), 50_000)
	git(t, dir, "init", "-q", "-b", "main", ".")
	s.createRepository(t, "large")
	git(t, dir, "lfs", "install", "--local")
	git(t, dir, "lfs", "track", "*.bin")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.bin"), content, 0o600))
	git(t, dir, "add", ".")
	git(t, dir, "-c", "user.name="+p.name, "-c", "user.email="+p.email, "commit", "-q", "-m", "large")
	git(t, dir, "push", "-q", remote, "main")

	git(t, dir, "clone", "-q", remote, clone)
	pointer, err := os.ReadFile(filepath.Join(clone, "a.bin"))
	require.NoError(t, err)
	require.Less(t, len(pointer), 1000, "git has a pointer")
	git(t, clone, "lfs", "install", "--local")
	git(t, clone, "lfs", "pull")
	fetched, err := os.ReadFile(filepath.Join(clone, "a.bin"))
	require.NoError(t, err)
	require.Equal(t, content, fetched)
}

func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, "git %s: %s", args[0], &said)
	return string(out)
}
