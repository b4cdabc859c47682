package main

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/cmd/accord/internal/config"
	"accord/store"
)

// offer is a method and path of a dialect, and a media type that it takes.
type offer struct{ method, path, mediaType string }

// offers are what a running server says that a dialect has.
func offers(t *testing.T, c client, dialect string) []offer {
	t.Helper()
	status, text := get(t, c.url+"/openapi/"+dialect+".json")
	require.Equal(t, http.StatusOK, status, dialect)
	shown, _ := get(t, c.url+"/docs/"+dialect)
	require.Equal(t, http.StatusOK, shown, dialect)
	var document struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{} `json:"content"`
			} `json:"requestBody"`
		} `json:"paths"`
	}
	require.NoError(t, json.Unmarshal([]byte(text), &document))
	var found []offer
	for path, methods := range document.Paths {
		if !strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/registry/") || path == "/api/rules.json" {
			continue // the server's own
		}
		for method, of := range methods {
			o := offer{strings.ToUpper(method), regexp.MustCompile(`\{\w+\}`).ReplaceAllString(path, "1"), ""}
			for mediaType := range of.RequestBody.Content {
				o.mediaType = mediaType
			}
			found = append(found, o)
		}
	}
	require.NotEmpty(t, found, dialect)
	return found
}

// ask sends a request that no use case can carry out: without body and token.
func (o offer) ask(t *testing.T, c client) int {
	t.Helper()
	var body io.Reader = http.NoBody
	if o.mediaType != "" {
		body = strings.NewReader("of that type")
	}
	request, err := http.NewRequestWithContext(t.Context(), o.method, c.url+o.path, body)
	require.NoError(t, err)
	request.Header.Set("Content-Type", o.mediaType)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

// without is how a server answers the offer of a dialect that it does not
// serve, if it serves the others.
func (o offer) without(others []offer) int {
	shares := func(same func(offer) bool) bool { return slices.ContainsFunc(others, same) }
	switch {
	case shares(func(other offer) bool { return other.method == o.method && other.path == o.path }):
		return http.StatusUnsupportedMediaType
	case shares(func(other offer) bool { return other.path == o.path }):
		return http.StatusMethodNotAllowed
	}
	return http.StatusNotFound
}

// TestEachDialectCanBeLeftOut: what a dialect has that is left out answers as
// what there is not, and the others go on as if nothing had been.
func TestEachDialectCanBeLeftOut(t *testing.T) {
	all := config.Default().Dialects
	site := newSite(t, store.SQLite)
	has, answers := map[string][]offer{}, map[offer]int{}
	t.Run("whole", func(t *testing.T) {
		whole := site.start(t)
		for _, dialect := range all {
			has[dialect] = offers(t, whole, dialect)
			for _, o := range has[dialect] {
				answers[o] = o.ask(t, whole)
			}
		}
	})
	for _, left := range all {
		t.Run(left, func(t *testing.T) {
			others := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return name == left })
			site := site
			site.Dialects = others
			require.NoError(t, site.Validate())
			c := site.start(t)
			for _, path := range []string{"/openapi/" + left + ".json", "/docs/" + left} {
				status, _ := get(t, c.url+path)
				require.Equal(t, http.StatusNotFound, status, path)
			}
			var theirs []offer
			for _, other := range others {
				require.ElementsMatch(t, has[other], offers(t, c, other))
				theirs = append(theirs, has[other]...)
			}
			for _, o := range has[left] {
				require.Equal(t, o.without(theirs), o.ask(t, c), o)
			}
			for _, o := range theirs {
				require.Equal(t, answers[o], o.ask(t, c), o)
			}
		})
	}
}
