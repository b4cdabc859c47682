package gitea_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
	"accord/app"
	"accord/app/reconcile"
	"accord/saga"
)

// A server may give fewer entries at once than it is asked for: what it lists is
// read to the end all the same.
func TestShortPagesAreReadToTheEnd(t *testing.T) {
	const perPage, all = 2, 5
	const account = "26010100000001"
	user := map[string]any{"id": 7, "login": "alice", "login_name": "accord:" + account, "active": true}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any = user
		switch {
		case strings.HasSuffix(r.URL.Path, "/admin/users"):
			found := []any{}
			if r.URL.Query().Get("login_name") == user["login_name"] {
				found = append(found, user)
			}
			w.Header().Set("X-Total-Count", strconv.Itoa(len(found)))
			answer = found
		case strings.HasSuffix(r.URL.Path, "/tokens"):
			page, _ := strconv.Atoi(r.URL.Query().Get("page"))
			w.Header().Set("X-Total-Count", strconv.Itoa(all))
			tokens := []any{}
			for n := (page - 1) * perPage; n < min(page*perPage, all); n++ {
				tokens = append(tokens, map[string]any{"id": n + 1, "name": fmt.Sprintf("accord-%026d", n)})
			}
			answer = tokens
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	d := newDirectory(t, gitea.Options{URL: server.URL, AdminUser: "root", AdminPassword: "hunter22"})
	names, err := d.SessionTokens(t.Context(), "alice")
	require.NoError(t, err)
	require.Len(t, names, all)
	tokens, err := d.Tokens(t.Context(), app.DirectoryRef{AccountID: account, Username: "alice"}, "accord-")
	require.NoError(t, err)
	require.Len(t, tokens, all)
	found, err := d.Credentials(t.Context(), account, app.GiteaToken)
	require.NoError(t, err)
	require.Len(t, found, all)
}

// A Gitea that takes no password at all does not say that the password is wrong.
func TestNoPasswordIsTakenWithoutBasicAuthentication(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/users/alice") {
			_, _ = w.Write([]byte(`{"id":7,"login":"alice","login_name":"accord:26010100000001","active":true}`))
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"message":"token is required","url":"https://gitea.example/api/swagger"}`))
	}))
	t.Cleanup(server.Close)
	d := newDirectory(t, gitea.Options{URL: server.URL, AdminUser: "root", AdminPassword: "hunter22"})
	check, err := d.CheckPassword(t.Context(), app.DirectoryRef{AccountID: "26010100000001", Username: "alice"}, "abcdefg7")
	require.NoError(t, err)
	require.False(t, check.Right)
	require.NotEmpty(t, check.Hindrance)
}

// A listing that lacks entries is no listing: without all of a user's tokens an
// eviction would leave some, and without all owners one might be the last.
func TestShortListingIsRefused(t *testing.T) {
	user := `{"id":7,"login":"amy","login_name":"accord:26010100000001","active":true}`
	for name, pages := range map[string]func(page int) (entries, total int){
		"an empty page before the end": func(page int) (int, int) { return 3 * (2 - min(page, 2)), 7 },
		"entries go while it is read":  func(page int) (int, int) { return 3, 8 - page },
	} {
		t.Run(name, func(t *testing.T) {
			d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/users/amy"):
					_, _ = io.WriteString(w, user)
					return
				case strings.HasSuffix(r.URL.Path, "/admin/users"):
					w.Header().Set("X-Total-Count", "1")
					_, _ = io.WriteString(w, "["+user+"]")
					return
				}
				page, _ := strconv.Atoi(r.URL.Query().Get("page"))
				n, total := pages(page)
				w.Header().Set("X-Total-Count", strconv.Itoa(total))
				_ = json.NewEncoder(w).Encode(slices.Repeat([]fields{{"id": 1, "name": ofSession}}, n))
			})
			calls := map[string]func(context.Context) error{
				"session tokens": func(ctx context.Context) error { _, err := d.SessionTokens(ctx, "amy"); return err },
				"tokens":         func(ctx context.Context) error { _, err := d.Tokens(ctx, amy, "accord-"); return err },
				"credentials": func(ctx context.Context) error {
					_, err := d.Credentials(ctx, amy.AccountID, app.GiteaToken)
					return err
				},
				"belongings":  func(ctx context.Context) error { _, err := d.Belongings(ctx, amy); return err },
				"some tokens": func(ctx context.Context) error { _, err := d.SomeTokens(ctx, amy.AccountID, 100); return err },
			}
			for call, do := range calls {
				err := do(t.Context())
				require.ErrorContains(t, err, "shorter than the total", call)
				require.Equal(t, app.DirectoryFailed, app.KindOf(err), call)
				require.True(t, saga.IsRefused(err), call)
			}
			for _, err := range d.EachSecondAddress(t.Context(), atOnce) {
				if err != nil {
					require.ErrorIs(t, err, reconcile.ErrIncomplete)
					return
				}
			}
			require.Fail(t, "the addresses are believed to be all")
		})
	}
}

// A listing that changes once while it is read is read again.
func TestListingThatChangesIsReadAgain(t *testing.T) {
	asked := 0
	d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		total := 6
		if asked > 1 {
			total = 5
		}
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		w.Header().Set("X-Total-Count", strconv.Itoa(total))
		_ = json.NewEncoder(w).Encode(slices.Repeat([]fields{{"id": 1, "name": ofSession}}, max(0, min(3, total-3*(page-1)))))
	})
	names, err := d.SessionTokens(t.Context(), "amy")
	require.NoError(t, err)
	require.Len(t, names, 5)
}

// A server that gives neither totals nor pages is not asked for ever.
func TestTheSamePageTwiceIsRefused(t *testing.T) {
	asked := 0
	d := standIn(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = io.WriteString(w, `[{"id":1,"name":"`+ofSession+`"}]`)
	})
	_, err := d.SessionTokens(t.Context(), "amy")
	require.ErrorContains(t, err, "the same page came twice")
	require.Equal(t, 2, asked)
}

// However many addresses Gitea finds before it, the one that is taken is found,
// with whose it is.
func TestTheHolderOfAnAddressIsFoundBehindManyOthers(t *testing.T) {
	const holder, others = "26010100000002", 1020
	d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = io.WriteString(w, `{"message":"e-mail already in use [email: amy@example.com]","url":""}`)
		case strings.HasSuffix(r.URL.Path, "/users/mallory"):
			_, _ = io.WriteString(w, `{"id":9,"active":true,"login":"mallory","login_name":"accord:`+holder+`"}`)
		case strings.HasSuffix(r.URL.Path, "/emails/search"):
			page, _ := strconv.Atoi(r.URL.Query().Get("page"))
			found := []fields{}
			for n := (page - 1) * 50; n < min(page*50, others+1); n++ {
				email := fmt.Sprintf("a%d@example.com", n)
				if n == others {
					email = someone.Email
				}
				found = append(found, fields{"email": email, "username": "mallory", "user_id": 9})
			}
			w.Header().Set("X-Total-Count", strconv.Itoa(others+1))
			_ = json.NewEncoder(w).Encode(found)
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"message":"not found","url":""}`)
		}
	})
	_, err := d.CreateUser(t.Context(), someone)
	var taken *app.Taken
	require.ErrorAs(t, err, &taken)
	require.Equal(t, app.Taken{Username: "mallory", Mark: holder, Second: someone.Email, SecondOf: holder}, *taken)
}
