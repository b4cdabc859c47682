package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"accord/store"
)

// browser is a page of a real Chromium that ends with the test. Without Chromium the
// test fails; `make test` installs it.
func browser(t testing.TB) context.Context {
	t.Helper()
	program, err := exec.LookPath("chromium")
	require.NoError(t, err, "apt-get install chromium")
	allocator, endAllocator := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WSURLReadTimeout(time.Minute))...)
	t.Cleanup(endAllocator)
	page, endPage := chromedp.NewContext(allocator)
	t.Cleanup(endPage)
	bounded, end := context.WithTimeout(page, 2*time.Minute)
	t.Cleanup(end)
	return bounded
}

// pages serves the pages of testdata/browser on an origin of their own.
func pages(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(http.FileServer(http.Dir("testdata/browser")))
	t.Cleanup(server.Close)
	return server.URL
}

// script is a call of a function of the page with arguments.
func script(t testing.TB, function string, args ...any) string {
	t.Helper()
	text, err := json.Marshal(args)
	require.NoError(t, err)
	return fmt.Sprintf("%s(...%s)", function, text)
}

// view is what the page of the tour could see.
type view struct {
	Request, Avatar, Object, Login string
	Missing                        int
}

// tour visits the page, which registers the person and uses what sign-in gave.
func tour(t testing.TB, page, api, gitea string, p person) (view, error) {
	t.Helper()
	window := browser(t)
	require.NoError(t, chromedp.Do(window, chromedp.Navigate(page)))
	return chromedp.Run(window, chromedp.Evaluate[view](script(t, "tour", api, gitea,
		map[string]string{"username": p.name, "email": p.email, "password": p.password}), chromedp.EvalAwaitPromise))
}

// A page of an allowed origin registers, signs in, uploads an avatar and uses all
// three tokens, each on its own server.
func TestAPageOfAnotherOrigin(t *testing.T) {
	s := newSite(t, store.SQLite)
	origin := pages(t)
	s.HTTP.AllowedOrigins = []string{origin}
	p := newPerson()
	seen, err := tour(t, origin, s.start(t).url, s.Gitea.URL, p)
	require.NoError(t, err)
	require.NotEmpty(t, seen.Request)
	require.Equal(t, "image/png", seen.Avatar)
	require.Equal(t, "hello", seen.Object)
	require.Equal(t, p.name, seen.Login)
	require.Equal(t, http.StatusNotFound, seen.Missing)
}

// The browser sends nothing for a page of any other origin.
func TestAPageOfAStrangersOrigin(t *testing.T) {
	s := newSite(t, store.SQLite)
	s.HTTP.AllowedOrigins = []string{"https://app.example.com"}
	api, p := s.start(t), newPerson()
	_, err := tour(t, pages(t), api.url, s.Gitea.URL, p)
	require.ErrorContains(t, err, "Failed to fetch")
	require.Equal(t, "Account.VerifyError", api.code(t, "login", "", map[string]string{"username": p.name, "password": p.password}))
}
