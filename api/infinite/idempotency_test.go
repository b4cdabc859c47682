package infinite_test

import (
	"bytes"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api/infinite"
)

// sent is what came back for a request with a key.
type sent struct {
	body, saga string
	replayed   bool
}

// keyed posts JSON, or what the headers say, to a path under a key.
func (w *world) keyed(t testing.TB, path, key, body string, headers ...string) sent {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+path, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return sent{}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return sent{}
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	return sent{string(got), res.Header.Get("X-Accord-Saga"), res.Header.Get("Idempotency-Replayed") == "true"}
}

func (s sent) code(t *testing.T) string { return read(t, strings.NewReader(s.body)).Code }

// TestRegistrationsAtOnceUnderOneKey: one account, one saga, and every caller is
// told of them.
func TestRegistrationsAtOnceUnderOneKey(t *testing.T) {
	w := newWorld(t)
	const together = 32
	answers := make([]sent, together)
	var wg sync.WaitGroup
	for i := range together {
		wg.Go(func() {
			answers[i] = w.keyed(t, "/api/user/registerIndividual", "key",
				`{"username":"alice","email":"alice@example.com","password":"1qazxsw2"}`)
		})
	}
	wg.Wait()
	repeats := 0
	for _, a := range answers {
		require.Equal(t, "General.Success", a.code(t))
		require.Equal(t, answers[0].saga, a.saga)
		if a.replayed {
			repeats++
		}
	}
	require.Equal(t, together-1, repeats)
	require.Equal(t, []string{"1"}, w.Texts(t, "SELECT COUNT(*) FROM sagas"))
	require.Equal(t, []string{"1"}, w.Texts(t, "SELECT COUNT(*) FROM accounts"))
	require.Len(t, w.Directory.Entries(), 1)
	require.Len(t, w.Storage.Users(), 1)
}

// TestSignInRepeated: the repeat has the tokens of the first, which nobody finds
// in the database.
func TestSignInRepeated(t *testing.T) {
	w, _ := inhabited(t)
	const body = `{"username":"alice","password":"1qazxsw2"}`
	before := w.Texts(t, "SELECT COUNT(*) FROM sessions")
	first := w.keyed(t, "/api/user/login", "key", body)
	token := read(t, strings.NewReader(first.body)).Data.AccessToken
	require.NotEmpty(t, token)
	again := w.keyed(t, "/api/user/login", "key", body)
	require.True(t, again.replayed)
	require.Equal(t, first.body, again.body)
	require.Equal(t, first.saga, again.saga)
	require.NotEqual(t, before, w.Texts(t, "SELECT COUNT(*) FROM sessions"))
	require.Len(t, w.Storage.LiveSessions(), 2, "hers before, and one for both")
	require.NotContains(t, strings.Join(w.State(t), "\n"), token)

	other := w.keyed(t, "/api/user/login", "key", `{"username":"alice","password":"2wsxzaq1"}`)
	require.Equal(t, "General.ParameterInvalid", other.code(t))
	require.NotContains(t, other.body, token)
}

// TestCallersDoNotShareKeys: two who are signed in use the same key for the same
// request.
func TestCallersDoNotShareKeys(t *testing.T) {
	w, alice := inhabited(t)
	_, got := w.post(t, "registerIndividual", strings.NewReader(`{"username":"bob","email":"bob@example.com","password":"1qazxsw2"}`))
	require.Equal(t, "General.Success", got.Code)
	_, got = w.post(t, "login", strings.NewReader(`{"username":"bob","password":"1qazxsw2"}`))
	bob := got.Data.AccessToken
	require.NotEmpty(t, bob)
	for _, token := range []string{alice, bob} {
		edited := w.keyed(t, "/api/user/modifyUserPassword", "key", `{"oriPassword":"1qazxsw2","password":"2wsxzaq1"}`, "Authorization", token)
		require.Equal(t, "General.Success", edited.code(t))
		require.False(t, edited.replayed)
	}
	for _, token := range []string{alice, bob} {
		edited := w.keyed(t, "/api/user/modifyUserPassword", "key", `{"oriPassword":"1qazxsw2","password":"2wsxzaq1"}`, "Authorization", token)
		require.Equal(t, "General.Success", edited.code(t), "the old password is not asked for again")
		require.True(t, edited.replayed)
	}
	// Who has signed out is told so again, though the token is dead.
	for i := range 2 {
		out := w.keyed(t, "/api/user/logout", "key", "", "Authorization", alice)
		require.Equal(t, "General.Success", out.code(t))
		require.Equal(t, i > 0, out.replayed)
	}
}

func TestUploadRepeated(t *testing.T) {
	w, token := inhabited(t)
	picture := func(side int) (body, mediaType string) {
		var form bytes.Buffer
		parts := multipart.NewWriter(&form)
		require.NoError(t, parts.SetBoundary("the-same-in-every-try"))
		file, err := parts.CreateFormFile("file", "me.png")
		require.NoError(t, err)
		require.NoError(t, png.Encode(file, image.NewGray(image.Rect(0, 0, side, side))))
		require.NoError(t, parts.Close())
		return form.String(), parts.FormDataContentType()
	}
	upload := func(side int) sent {
		body, mediaType := picture(side)
		return w.keyed(t, "/api/file/upload", "key", body, "Authorization", token, "Content-Type", mediaType)
	}
	first := upload(40)
	require.Equal(t, "General.Success", first.code(t))
	again := upload(40)
	require.True(t, again.replayed)
	require.Equal(t, first.body, again.body)
	require.Equal(t, 1, w.Files.Count("PutPicture"))
	require.Equal(t, "General.ParameterInvalid", upload(41).code(t))
	require.Equal(t, 1, w.Files.Count("PutPicture"))
}

// TestEveryChangingEndpointTakesKeys: they all refuse one that is none.
func TestEveryChangingEndpointTakesKeys(t *testing.T) {
	w, token := inhabited(t)
	before := w.State(t)
	for _, route := range infinite.New(infinite.Options{}).Routes {
		if route.Method != http.MethodPost {
			continue
		}
		headers := []string{"Authorization", token}
		if len(route.MediaTypes) > 0 {
			headers = append(headers, "Content-Type", route.MediaTypes[0])
		}
		got := read(t, strings.NewReader(w.keyed(t, route.Path, "ключ", "{}", headers...).body))
		if strings.HasSuffix(route.Path, "getUserDetail") {
			require.Equal(t, "General.Success", got.Code, route.Path)
			continue
		}
		require.Equal(t, "General.ParameterInvalid", got.Code, route.Path)
		require.Equal(t, map[string][]string{"Idempotency-Key": {"pattern"}}, got.Data.RuleViolated, route.Path)
	}
	require.Equal(t, before, w.State(t))
}
