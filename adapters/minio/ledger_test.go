package minio

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A session's entries end with it; those of one whose name begins alike stay.
func TestLedgerFollowsTheGrants(t *testing.T) {
	s, key := realStorage(t, "ledger"), "accledger"
	require.NoError(t, s.CreateUser(t.Context(), key, goodSecret))
	entered := func(session string) int {
		found, err := s.entries(t.Context(), key, session)
		require.NoError(t, err)
		return len(found)
	}
	for _, session := range []string{"session1", "session1", "session10"} {
		_, err := s.Grant(t.Context(), key, goodSecret, session, time.Hour)
		require.NoError(t, err)
	}
	require.Equal(t, []int{2, 1}, []int{entered("session1"), entered("session10")})
	require.NoError(t, s.Revoke(t.Context(), key, "session1"))
	require.Equal(t, []int{0, 1}, []int{entered("session1"), entered("session10")})
	require.NoError(t, s.RemoveUser(t.Context(), key))
	require.Zero(t, entered("session10"))
}

// The ledger lies in nobody's home.
func TestLedgerIsOutOfReach(t *testing.T) {
	s, key := realStorage(t, "ledger2"), "accledger2"
	require.NoError(t, s.CreateUser(t.Context(), key, goodSecret))
	g, err := s.Grant(t.Context(), key, goodSecret, "session1", time.Hour)
	require.NoError(t, err)
	require.False(t, strings.HasPrefix(ledger, g.Prefix))
	found, err := s.entries(t.Context(), key, "session1")
	require.NoError(t, err)
	require.Equal(t, []string{ledger + key + "/session1/" + g.AccessKeyID}, found)

	asUser := *s
	asUser.admin = &admin{wire: s.wire, as: identity{key, goodSecret}, seal: s.admin.seal}
	_, err = asUser.entries(t.Context(), key, "session1")
	require.Equal(t, "AccessDenied", codeOf(err))
	require.Equal(t, "AccessDenied", codeOf(asUser.strike(t.Context(), found)))
	require.Equal(t, "AccessDenied", codeOf(asUser.enter(t.Context(), key, "session2", "K")))
}

// shelf is a server whose ledger has many entries, listed a page at a time.
type shelf struct {
	entries []string
	awoken  map[string]bool
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/homes/")
	switch {
	case strings.HasSuffix(r.URL.Path, "user-info"):
		s.awoken[r.URL.Query().Get("accessKey")] = true
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]string{"Code": codeNoUser})
	case r.Method == http.MethodDelete:
		s.entries = slices.DeleteFunc(s.entries, func(e string) bool { return e == name })
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodGet:
		page, more := s.page(r.URL.Query().Get("start-after"))
		_, _ = fmt.Fprintf(w, "<ListBucketResult><IsTruncated>%t</IsTruncated>", more)
		for _, e := range page {
			_, _ = fmt.Fprintf(w, "<Contents><Key>%s</Key></Contents>", e)
		}
		_, _ = fmt.Fprint(w, "</ListBucketResult>")
	}
}

func (s *shelf) page(after string) (names []string, more bool) {
	from, found := slices.BinarySearch(s.entries, after)
	if found {
		from++
	}
	to := min(from+pageSize, len(s.entries))
	return s.entries[from:to], to < len(s.entries)
}

func TestLedgerOfManyPages(t *testing.T) {
	all := &shelf{awoken: map[string]bool{}}
	for i := range 2*pageSize + 3 {
		all.entries = append(all.entries, fmt.Sprintf("%sacc1/session%06d/KEY%d", ledger, i, i))
	}
	many := len(all.entries)
	server := httptest.NewServer(all)
	defer server.Close()
	s, err := New(Options{Endpoint: server.URL, Bucket: "homes", AdminUser: "admin", AdminPassword: "password", Timeout: time.Minute})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.RemoveUser(t.Context(), "acc1"))
	require.Empty(t, all.entries)
	require.Len(t, all.awoken, many)
}
