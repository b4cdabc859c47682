package gitea_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
	"accord/app"
	"accord/app/reconcile"
)

// listed reads the users of a server that answers each page so.
func listed(t *testing.T, page func(w http.ResponseWriter, page int)) (int, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.URL.Query().Get("page"))
		if err != nil || r.URL.Query().Get("sort") != "id" || r.URL.Query().Get("order") != "asc" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		page(w, n)
	}))
	defer server.Close()
	d := newDirectory(t, gitea.Options{URL: server.URL, AdminUser: "root", AdminPassword: "hunter22"})
	read := 0
	for _, err := range d.EachUser(t.Context(), func(context.Context) error { return nil }) {
		if err != nil {
			return read, err
		}
		read++
	}
	return read, nil
}

// users answers with n users after the first ones, out of total.
func users(w http.ResponseWriter, after, n, total int) {
	w.Header().Set("X-Total-Count", strconv.Itoa(total))
	all := []fields{}
	for i := range n {
		all = append(all, fields{"id": after + i + 1, "login": fmt.Sprintf("u%d", after+i+1)})
	}
	_ = json.NewEncoder(w).Encode(all)
}

func TestListingIsWholeOrRefused(t *testing.T) {
	for name, c := range map[string]struct {
		page func(w http.ResponseWriter, page int)
		read int
		ok   bool
	}{
		"pages of any size":           {func(w http.ResponseWriter, p int) { users(w, (p-1)*3, min(3, 7-(p-1)*3), 7) }, 7, true},
		"users made while it is read": {func(w http.ResponseWriter, p int) { users(w, (p-1)*3, min(3, 4+p-(p-1)*3), 4+p) }, 6, true},
		"a page was lost": {func(w http.ResponseWriter, p int) {
			if p == 2 {
				users(w, 0, 0, 7)
				return
			}
			users(w, (p-1)*3, 3, 7)
		}, 3, false},
		"users removed while it is read": {func(w http.ResponseWriter, p int) { users(w, (p-1)*3, 3, 8-p) }, 6, false},
		"more than there are":            {func(w http.ResponseWriter, p int) { users(w, (p-1)*3, 3, 4) }, 6, false},
	} {
		t.Run(name, func(t *testing.T) {
			read, err := listed(t, c.page)
			require.Equal(t, c.read, read)
			if c.ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, reconcile.ErrIncomplete)
			}
		})
	}
	_, err := listed(t, func(w http.ResponseWriter, _ int) { _, _ = w.Write([]byte("[]")) })
	require.ErrorContains(t, err, "does not give the total")
}

func TestListingTellsThatTheAdministratorIsTurnedAway(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		_, err := listed(t, func(w http.ResponseWriter, _ int) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"message":"invalid username, password or token","url":"u"}`))
		})
		require.ErrorIs(t, err, app.ErrDenied)
		require.Equal(t, app.DirectoryFailed, app.KindOf(err))
		require.ErrorContains(t, err, strconv.Itoa(status))
	}
	_, err := listed(t, func(w http.ResponseWriter, _ int) { w.WriteHeader(http.StatusBadGateway) })
	require.NotErrorIs(t, err, app.ErrDenied)
}

func TestTokensAreListedByThePasswordWhereTheTokenWillNotDo(t *testing.T) {
	for status, password := range map[int]app.Secret{http.StatusUnauthorized: "hunter22", http.StatusForbidden: "hunter22", http.StatusOK: "token22"} {
		var asked []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			user, secret, _ := r.BasicAuth()
			asked = append(asked, user+":"+secret)
			w.Header().Set("X-Total-Count", "3")
			if secret == "token22" {
				w.WriteHeader(status)
			}
			if app.Secret(secret) == password {
				_, _ = w.Write([]byte(`[{"id":1,"name":"` + ofSession + `"},{"id":2,"name":"mine"},{"id":3,"name":"accord-ci"}]`))
			}
		}))
		d := newDirectory(t, gitea.Options{URL: server.URL, AdminUser: "root", AdminPassword: "hunter22", AdminToken: "token22"})
		names, err := d.SessionTokens(t.Context(), "alice")
		server.Close()
		require.NoError(t, err)
		require.Equal(t, []string{ofSession}, names)
		want := []string{"root:token22", "root:hunter22"}
		if status == http.StatusOK {
			want = want[:1]
		}
		require.Equal(t, want, asked)
	}
}
