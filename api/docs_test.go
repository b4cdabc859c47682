package api_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/api/infinite"
	"accord/api/oauth"
	"accord/api/session"
)

// documented is a dialect with a document.
func documented(name, document string) api.Dialect {
	d := plain(name, "/"+name+"/")
	d.OpenAPI = []byte(document)
	return d
}

func twoDocuments(t *testing.T) http.Handler {
	t.Helper()
	return serve(t, api.Options{Dialects: []api.Dialect{
		documented("infinite", "openapi: 3.1.0\ninfo: {title: One, version: '1'}\npaths: {}\n"),
		plain("silent", "/silent/"),
		documented("portal", `{"openapi":"3.1.0","info":{"title":"Two","version":"1"},"paths":{}}`),
	}})
}

func TestDocuments(t *testing.T) {
	h := twoDocuments(t)
	for name, title := range map[string]string{"infinite": "One", "portal": "Two"} {
		w := answer(h, request("GET", "/openapi/"+name+".json", ""))
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		require.JSONEq(t, `{"openapi":"3.1.0","info":{"title":"`+title+`","version":"1"},"paths":{}}`, w.Body.String())
	}
	for _, path := range []string{"/openapi/silent.json", "/docs/silent", "/docs/nothing", "/docs/assets/nothing"} {
		require.Equal(t, http.StatusNotFound, answer(h, request("GET", path, "")).Code, path)
	}
}

func TestDocumentThatCannotBeRead(t *testing.T) {
	for _, document := range []string{"{", "- a list", "a text", "a: [1, 2]: b"} {
		_, err := api.New(api.Options{Dialects: []api.Dialect{documented("main", document)}, Logger: slog.New(slog.DiscardHandler)})
		require.ErrorContains(t, err, "OpenAPI document of main", document)
	}
}

func TestNoDocuments(t *testing.T) {
	h := serve(t, api.Options{Dialects: []api.Dialect{plain("silent", "/")}})
	require.Equal(t, http.StatusNotFound, answer(h, request("GET", "/docs", "")).Code)
	require.Equal(t, http.StatusNotFound, answer(h, request("GET", "/docs/assets/page.js", "")).Code)
}

// TestDocsPage: it lists every document and opens the one asked for, the first
// by default.
func TestDocsPage(t *testing.T) {
	h := twoDocuments(t)
	for path, shown := range map[string]string{"/docs": "infinite", "/docs/infinite": "infinite", "/docs/portal": "portal"} {
		w := answer(h, request("GET", path, ""))
		require.Equal(t, http.StatusOK, w.Code)
		require.Equal(t, "text/html; charset=UTF-8", w.Header().Get("Content-Type"))
		page := w.Body.String()
		require.Contains(t, page, `data-document="/openapi/`+shown+`.zh.json"`, path)
		require.Contains(t, page, `<a href="/docs/`+shown+`?lang=zh" aria-current="page">`, path)
		for _, link := range []string{`"/docs/infinite?lang=zh"`, `"/docs/portal?lang=zh"`, `"/openapi/infinite.json"`, `"/openapi/portal.json"`} {
			require.Contains(t, page, link, path)
		}
		require.NotContains(t, page, "silent")
	}
}

// TestDocsInBothLanguages: Chinese unless the browser, or a link, asks for English.
func TestDocsInBothLanguages(t *testing.T) {
	h := twoDocuments(t)
	for _, tt := range []struct{ path, accepts, lang, document string }{
		{"/docs", "", "zh-CN", "infinite.zh.json"},
		{"/docs", "en-GB,en;q=0.9", "en", "infinite.json"},
		{"/docs/portal?lang=en", "zh", "en", "portal.json"},
		{"/docs/portal?lang=zh", "en", "zh-CN", "portal.zh.json"},
	} {
		w := answer(h, request("GET", tt.path, "", "Accept-Language", tt.accepts))
		require.Contains(t, w.Body.String(), `<html lang="`+tt.lang+`">`, tt)
		require.Contains(t, w.Body.String(), `data-document="/openapi/`+tt.document+`"`, tt)
		require.Contains(t, w.Header().Values("Vary"), "Accept-Language")
		require.Equal(t, http.StatusOK, answer(h, request("GET", "/openapi/"+tt.document, "")).Code)
	}
}

// TestEveryCallHasAChineseSummary, and so have fields, the same words as messages.
func TestEveryCallHasAChineseSummary(t *testing.T) {
	h := serve(t, api.Options{Dialects: append(everyDialect(nil), oauth.New(oauth.Options{}), session.New(session.Options{Envelope: infinite.Envelope{}}))})
	chinese := regexp.MustCompile(`\p{Han}`)
	for _, name := range []string{"infinite", "portal", "community", "jpress", "registry", "oauth", "session"} {
		var document struct {
			Info  struct{ Title string }
			Paths map[string]map[string]struct{ Summary string }
			Tags  []struct{ Description string }
		}
		w := answer(h, request("GET", "/openapi/"+name+".zh.json", ""))
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &document), name)
		require.Regexp(t, chinese, document.Info.Title)
		for path, calls := range document.Paths {
			for _, call := range calls {
				require.Regexp(t, chinese, call.Summary, path)
			}
		}
		for _, tag := range document.Tags {
			require.Regexp(t, chinese, tag.Description, name)
		}
	}
	w := answer(h, request("GET", "/openapi/infinite.zh.json", ""))
	require.Contains(t, w.Body.String(), api.FieldWords("nickname").ZH)
	require.Contains(t, w.Body.String(), "响应体都是")
	require.NotContains(t, answer(h, request("GET", "/openapi/infinite.json", "")).Body.String(), "响应体都是")
}

// TestDocsNeedNoOutsideHost: what the page loads is all here, nothing in it is
// inline, and the browser is told to ask no other host.
func TestDocsNeedNoOutsideHost(t *testing.T) {
	h := twoDocuments(t)
	w := answer(h, request("GET", "/docs", ""))
	policy := w.Header().Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotRegexp(t, `https?:|unsafe|\*`, policy)
	require.NotRegexp(t, `(?i)//[a-z]|<style|\sstyle=|\son\w+=|<script>`, w.Body.String())

	var loaded []string
	for _, found := range regexp.MustCompile(`(?:src|<link [^>]*href)="([^"]+)"`).FindAllStringSubmatch(w.Body.String(), -1) {
		loaded = append(loaded, found[1])
	}
	require.Len(t, loaded, 5)
	for _, path := range loaded {
		w := answer(h, request("GET", path, ""))
		require.Equal(t, http.StatusOK, w.Code, path)
		require.NotEmpty(t, w.Body.Bytes(), path)
		require.Equal(t, "public, max-age=3600", w.Header().Get("Cache-Control"), path)
		if strings.HasSuffix(path, ".css") {
			require.NotRegexp(t, `(?i)@import|url\(\s*["']?(?:https?:)?//`, w.Body.String(), path)
		}
		if strings.HasSuffix(path, "page.js") {
			require.NotContains(t, w.Body.String(), "//")
		}
	}
}

func TestLicenceOfSwaggerUIGoesWithIt(t *testing.T) {
	h := twoDocuments(t)
	for file, words := range map[string]string{"LICENSE": "Apache License", "NOTICE": "swagger-ui"} {
		w := answer(h, request("GET", "/docs/assets/swagger-ui/"+file, ""))
		require.Equal(t, http.StatusOK, w.Code)
		require.Contains(t, w.Body.String(), words)
	}
}
