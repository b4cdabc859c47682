package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"accord/store"
)

var evictedTokens = flag.Int("evict.tokens", 100, "how many tokens TestEvictionOfManyTokens makes beforehand")

// TestEvictionOfManyTokens has an intruder who made many tokens in Gitea:
// none of them works when a reset has been answered, and in the end its user can
// work again.
func TestEvictionOfManyTokens(t *testing.T) {
	site := newSite(t, store.SQLite)
	var p *program
	l := &life{client: site.startWith(t, func(started *program) { p = started }), t: t, site: site, person: newPerson()}
	_, err := l.register(l.person)
	require.NoError(t, err)
	first := l.signIn(t, l.person)
	tokens := l.manyTokens(*evictedTokens)
	require.Positive(t, l.working(tokens[:10]))

	l.done("emailVerifyCode", "", map[string]string{"email": l.person.email})
	l.person.password = "2wsxzaq1"
	code := l.mailedCode(l.person.email)
	begun := time.Now()
	l.done("resetUserPassword", "", map[string]string{"email": l.person.email, "password": l.person.password, "verifyCode": code})
	answered := time.Since(begun)
	require.Zero(t, l.working(tokens), "tokens that work after the reset was answered")

	require.Eventually(t, func() bool {
		_, pending, err := p.store.Repairs.Pending(t.Context(), 1)
		return err == nil && pending == 0
	}, 5*time.Minute, 50*time.Millisecond)
	t.Logf("%d tokens: answered after %v, ended after %v", len(tokens), answered, time.Since(begun))
	require.Zero(t, l.working(tokens))
	left, err := p.service.Evictable(t.Context(), first.AccountID, false)
	require.NoError(t, err)
	require.Empty(t, left)
	l.signIn(t, l.person).alive(t, site.Gitea.URL)
}

// manyTokens makes tokens of every scope, as anyone who knows the password can.
func (l *life) manyTokens(n int) []string {
	l.t.Helper()
	var (
		mu     sync.Mutex
		tokens []string
		group  errgroup.Group
	)
	group.SetLimit(8)
	for i := range n {
		group.Go(func() error {
			status, text := giteaAdmin{l.site}.send(l.t, http.MethodPost, "/users/"+l.person.name+"/tokens", map[string]any{
				"name": fmt.Sprintf("theirs-%d", i), "scopes": []string{"all"},
			})
			var made struct {
				Text string `json:"sha1"`
			}
			if err := json.Unmarshal(text, &made); err != nil || status != http.StatusCreated {
				return fmt.Errorf("status %d: %w", status, err)
			}
			mu.Lock()
			defer mu.Unlock()
			tokens = append(tokens, made.Text)
			return nil
		})
	}
	require.NoError(l.t, group.Wait())
	return tokens
}

// working counts the tokens that Gitea takes.
func (l *life) working(tokens []string) (n int) {
	l.t.Helper()
	for _, token := range tokens {
		if (session{GiteaToken: token}).gitea(l.t, l.site.Gitea.URL) == http.StatusOK {
			n++
		}
	}
	return n
}
