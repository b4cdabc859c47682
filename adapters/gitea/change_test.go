package gitea_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// One concern a request, and the mark with it. Whatever else there is stays,
// since it is not named; restricted is repeated as it was.
func TestChangesNameOneConcern(t *testing.T) {
	for call, wanted := range map[string]string{
		"set profile":  `{"login_name":"accord:26010100000001","full_name":"Amy","description":"","website":"","location":""}`,
		"set password": `{"login_name":"accord:26010100000001","password":"` + userPassword + `","must_change_password":false,"restricted":true}`,
		"set email":    `{"login_name":"accord:26010100000001","email":"new@example.com","restricted":true}`,
		"let in":       `{"login_name":"accord:26010100000001","prohibit_login":false,"restricted":true}`,
		"shut out":     `{"login_name":"accord:26010100000001","prohibit_login":true,"restricted":true}`,
	} {
		var sent []string
		d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				body, _ := io.ReadAll(r.Body)
				sent = append(sent, r.Method+" "+r.RequestURI, string(body))
				w.WriteHeader(http.StatusTeapot)
				return
			}
			if r.URL.Path == "/api/v1/users/amy" {
				_, _ = io.WriteString(w, strings.Replace(ours, "{", `{"restricted":true,`, 1))
				return
			}
			look(w, r)
		})
		require.Error(t, calls(d)[call](t.Context()), call)
		require.Len(t, sent, 2, call)
		require.Equal(t, "PATCH /api/v1/admin/users/amy", sent[0], call)
		require.JSONEq(t, wanted, sent[1], call)
	}
}

// That Gitea said yes is not enough: the change is read back.
func TestChangesAreReadBack(t *testing.T) {
	const kept = `{"id":7,"login":"amy","login_name":"accord:26010100000001","email":"new@example.com",` +
		`"full_name":"Amy","prohibit_login":true,"active":true}`
	swap := func(from, to string) string { return strings.Replace(kept, from, to, 1) }
	for name, c := range map[string]struct {
		said, shown string
		status      int
		// lost is the call whose change is not there.
		lost string
	}{
		"kept":                   {kept, kept, 200, "none"},
		"nonsense":               {"<html>", kept, 200, "all"},
		"another user":           {swap("7", "8"), kept, 200, "all"},
		"another since":          {kept, swap("7", "8"), 200, "all"},
		"the mark is gone":       {kept, swap("accord:26010100000001", "cn=amy"), 200, "all"},
		"gone":                   {kept, `{"message":"","url":""}`, 404, "all"},
		"unseen":                 {kept, "", 500, "all"},
		"address not kept":       {kept, swap("new@", "old@"), 200, "set email"},
		"name not kept":          {kept, swap("Amy", "Bob"), 200, "set profile"},
		"not shut out":           {kept, swap(":true", ":false"), 200, "shut out"},
		"in other small letters": {kept, swap("new@", "New@"), 200, "none"},
	} {
		for _, call := range []string{"set profile", "set password", "set email", "shut out"} {
			written := false
			d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPatch:
					written = true
					_, _ = io.WriteString(w, c.said)
				case written && r.URL.Path == "/api/v1/users/amy":
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, c.shown)
				default:
					look(w, r)
				}
			})
			err := calls(d)[call](t.Context())
			require.True(t, written)
			if c.lost != "all" && c.lost != call {
				require.NoError(t, err, "%s: %s", call, name)
				continue
			}
			require.Equal(t, app.DirectoryFailed, app.KindOf(err), "%s: %s: %v", call, name, err)
			require.False(t, saga.IsRefused(err), "%s: %s: %v", call, name, err)
		}
	}
}

// Gitea takes no password of a user that signs in elsewhere, and says yes.
func TestPasswordKeptElsewhereIsRefused(t *testing.T) {
	d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s", r.Method, r.URL)
		}
		_, _ = io.WriteString(w, strings.Replace(ours, "{", `{"source_id":2,`, 1))
	})
	err := d.SetPassword(t.Context(), amy, userPassword)
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.True(t, saga.IsRefused(err))
	require.ErrorContains(t, err, "authentication source")
}

// The user goes between the look and the change.
func TestGoneMeanwhile(t *testing.T) {
	for call, done := range map[string]bool{"shut out": true, "purge": true, "let in": false, "set password": false} {
		d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet {
				look(w, r)
				return
			}
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"message":"user redirect does not exist","url":"/api/swagger"}`)
		})
		err := calls(d)[call](t.Context())
		require.Equal(t, done, err == nil, "%s: %v", call, err)
		if !done {
			require.True(t, saga.IsRefused(err), "%s: %v", call, err)
		}
	}
}

// A second address was removed to make room, or is left over: something changed.
func TestHalfChangedAddressIsUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		seconds          string
		patched, deleted int
		refused          bool
	}{
		"own one removed, then refused":     {`[{"email":"new@example.com"}]`, 403, 204, false},
		"own one not removed":               {`[{"email":"new@example.com"}]`, 200, 403, true},
		"others not removed":                {`[{"email":"b@example.com"},{"email":"c@example.com"}]`, 200, 404, false},
		"another not removed":               {`[{"email":"b@example.com"}]`, 200, 403, false},
		"refused before others are removed": {`[{"email":"b@example.com"}]`, 403, 204, true},
	} {
		t.Run(name, func(t *testing.T) {
			address := "amy@example.com"
			d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
				now := strings.Replace(ours, "amy@example.com", address, 1)
				switch {
				case r.Method == http.MethodPatch:
					if c.patched == http.StatusOK {
						address = "new@example.com"
					}
					w.WriteHeader(c.patched)
					_, _ = io.WriteString(w, now)
				case r.Method == http.MethodDelete:
					w.WriteHeader(c.deleted)
					_, _ = io.WriteString(w, `{"message":"","url":""}`)
				case r.URL.Path == "/api/v1/users/amy":
					_, _ = io.WriteString(w, now)
				default:
					_, _ = io.WriteString(w, c.seconds)
				}
			})
			err := d.SetEmail(t.Context(), amy, "new@example.com")
			require.Equal(t, app.DirectoryFailed, app.KindOf(err))
			require.Equal(t, c.refused, saga.IsRefused(err), "%v", err)
		})
	}
}

// Two changes to one address that meet: Gitea answers one of them with 500.
func TestServerErrorOnAnAddressIsLookedInto(t *testing.T) {
	for name, c := range map[string]struct {
		holder  string
		kind    app.Kind
		refused bool
	}{
		"another's": {"bob", app.EmailTaken, true},
		"ours":      {"amy", app.DirectoryFailed, false},
		"nobody's":  {"", app.DirectoryFailed, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.Method == http.MethodPatch:
					w.WriteHeader(http.StatusInternalServerError)
				case r.URL.Path == "/api/v1/users/bob":
					_, _ = io.WriteString(w, `{"id":8,"login":"bob"}`)
				case r.URL.Path == "/api/v1/admin/emails/search" && c.holder != "":
					_, _ = fmt.Fprintf(w, `[{"email":"new@example.com","username":%q}]`, c.holder)
				default:
					look(w, r)
				}
			})
			err := d.SetEmail(t.Context(), amy, "new@example.com")
			require.Equal(t, c.kind, app.KindOf(err))
			require.Equal(t, c.refused, saga.IsRefused(err), "%v", err)
		})
	}
}

// lister answers lists of so many named things, at most cap a page, whatever
// was asked for.
func lister(t *testing.T, things, capped int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		last := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		if r.URL.Path != "/api/v1/packages/amy" && last != "repos" && last != "orgs" {
			look(w, r)
			return
		}
		var page, limit int
		_, err := fmt.Sscanf(r.URL.Query().Get("page")+" "+r.URL.Query().Get("limit"), "%d %d", &page, &limit)
		if err != nil {
			t.Error(err)
		}
		limit = min(limit, capped)
		found := []fields{}
		for i := (page - 1) * limit; i < min(page*limit, things); i++ {
			found = append(found, fields{"id": i + 1, "name": fmt.Sprintf("%s%d", last, i/2*2), "type": "generic"})
		}
		w.Header().Set("X-Total-Count", fmt.Sprint(things))
		_ = json.NewEncoder(w).Encode(found)
	}
}

func TestListsOfBelongings(t *testing.T) {
	for _, c := range []struct{ things, capped, listed, packages int }{
		{0, 50, 0, 0},
		{1, 50, 1, 1},
		{49, 50, 49, 25},
		{50, 50, 50, 25},
		{51, 50, 51, 26},
		{100, 50, 100, 50},
		{103, 50, 100, 52},
		{90, 20, 90, 45},
		{103, 30, 100, 52},
		{300, 50, 100, 100},
	} {
		b, err := standIn(t, lister(t, c.things, c.capped)).Belongings(t.Context(), amy)
		require.NoError(t, err)
		require.Len(t, b.Repositories, c.listed)
		require.Len(t, b.Organizations, c.listed)
		require.Len(t, b.Packages, c.packages, "one of each name")
	}
}

// Who cannot be looked into wholly is not purged.
func TestTooManyOrganizationsAreRefused(t *testing.T) {
	d := standIn(t, lister(t, 1001, 50))
	for _, call := range []string{"belongings", "purge"} {
		err := calls(d)[call](t.Context())
		require.ErrorContains(t, err, "more than are looked into", call)
		require.True(t, saga.IsRefused(err), call)
	}
}
