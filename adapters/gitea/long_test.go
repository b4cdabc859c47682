package gitea_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
	"accord/app"
)

var long = strings.Repeat("x", 1_100_000)

// placeOurs makes a user of ours, and returns who it is to Gitea.
func placeOurs(t *testing.T, d *gitea.Directory, u app.DirectoryUser) identity {
	t.Helper()
	_, err := d.CreateUser(t.Context(), u)
	require.NoError(t, err)
	return asUser(u.Username, u.Password.Reveal())
}

// What a user can write into credentials does not keep an eviction from ending them.
func TestLongCredentialsEnd(t *testing.T) {
	s := shared(t)
	d := newDirectory(t, s.options())
	addresses := make([]string, 3000)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("%04d%s@%s.example.com", i, strings.Repeat("x", 50), strings.Repeat("y", 60)+"."+strings.Repeat("z", 60))
	}
	addresses[1] = long + "@example.com"
	uris := make([]string, 100_000)
	for i := range uris {
		uris[i] = fmt.Sprintf("https://example.com/%d", i)
	}
	for n, tt := range []struct {
		name, path string
		kind       app.CredentialKind
		bodies     []fields
		found      int
	}{
		{"application", "/user/applications/oauth2", app.OAuth2Application, []fields{{"name": "small"}, {"name": "big"}, {"name": "last"}}, 3},
		{"hook", "/user/hooks", app.Webhook, []fields{{"type": "gitea", "active": true, "config": fields{"url": "https://example.com/" + long, "content_type": "json"}}}, 1},
		{"address", "/user/emails", app.SecondAddress, []fields{{"emails": addresses}}, 2999},
		{"token", "/users/token/tokens", app.GiteaToken, []fields{{"name": long, "scopes": []string{"all"}}}, 1},
		{"key", "/user/keys", app.SSHKey, []fields{{"title": long, "key": sshKey(t)}}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := app.DirectoryUser{AccountID: fmt.Sprintf("2611202200%04d", n), Username: tt.name, Email: tt.name + "@example.com", Password: "goodPassw0rd1"}
			me := placeOurs(t, d, u)
			for i, body := range tt.bodies {
				if tt.kind == app.OAuth2Application {
					body["redirect_uris"] = []string{"https://example.com"}
					if i == 1 {
						body["redirect_uris"] = uris
					}
				}
				status, answer := s.askAs(t, me, http.MethodPost, tt.path, body)
				require.Equal(t, http.StatusCreated, status, answer[:min(len(answer), 300)])
			}
			ended := 0
			for range 4 {
				found, err := d.Credentials(t.Context(), u.AccountID, tt.kind)
				require.NoError(t, err)
				for _, c := range found {
					require.LessOrEqual(t, len(c.Name), 255)
				}
				done, err := d.EndCredentials(t.Context(), u.AccountID, found)
				require.NoError(t, err)
				require.Len(t, done, len(found))
				ended += len(done)
			}
			require.Equal(t, tt.found, ended)
		})
	}
}

// A user can write a text of any length into what Gitea shows of it.
func TestALongUserIsFound(t *testing.T) {
	s := shared(t)
	d := newDirectory(t, s.options())
	u := app.DirectoryUser{AccountID: "26112022001001", Username: "longuser", Email: "longuser@example.com", Password: "goodPassw0rd1"}
	me := placeOurs(t, d, u)
	status, _ := s.askAs(t, me, http.MethodPatch, "/user/settings", fields{"language": long})
	require.Equal(t, http.StatusOK, status)
	status, _ = s.askAs(t, me, http.MethodPost, "/user/repos", fields{"name": "mine"})
	require.Equal(t, http.StatusCreated, status)
	status, _ = s.askAs(t, me, http.MethodPatch, "/repos/longuser/mine", fields{"has_wiki": true, "external_wiki": fields{"external_wiki_url": "https://example.com/" + long}})
	require.Equal(t, http.StatusOK, status)
	ref := app.DirectoryRef{AccountID: u.AccountID, Username: u.Username}
	require.NoError(t, d.SetActive(t.Context(), ref, true))
	found, err := d.UsersMarked(t.Context(), u.AccountID)
	require.NoError(t, err)
	require.Len(t, found, 1)
	all := 0
	for _, err := range d.EachUser(t.Context(), func(context.Context) error { return nil }) {
		require.NoError(t, err)
		all++
	}
	require.Positive(t, all)
	has, err := d.Belongings(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, []string{"mine"}, has.Repositories)
	_, err = d.Credentials(t.Context(), u.AccountID, app.DeployKey)
	require.NoError(t, err)
	require.NoError(t, d.PurgeUser(t.Context(), ref))
}

// A change of address ends second ones, however many.
func TestAnAddressReplacesManySecondOnes(t *testing.T) {
	s := shared(t)
	d := newDirectory(t, s.options())
	u := app.DirectoryUser{AccountID: "26112022001002", Username: "manyaddresses", Email: "manyaddresses@example.com", Password: "goodPassw0rd1"}
	me := placeOurs(t, d, u)
	many := make([]string, 2500)
	for i := range many {
		many[i] = fmt.Sprintf("many-%d@example.com", i)
	}
	status, _ := s.askAs(t, me, http.MethodPost, "/user/emails", fields{"emails": many})
	require.Equal(t, http.StatusCreated, status)
	ref := app.DirectoryRef{AccountID: u.AccountID, Username: u.Username}
	require.NoError(t, d.SetEmail(t.Context(), ref, many[2400]))
	found, err := d.Credentials(t.Context(), u.AccountID, app.SecondAddress)
	require.NoError(t, err)
	require.Empty(t, found)
}

// Texts are cut, and what is around them stays.
func TestLongTextsOfAnAnswerAreCut(t *testing.T) {
	for name, text := range map[string]string{
		"plain": strings.Repeat("x", 5<<20), "escaped": strings.Repeat(`\"`, 3<<20), "backslashes": strings.Repeat(`\\`, 3<<20),
		"by number": strings.Repeat(`\u0022`, 1<<20), "odd": "x" + strings.Repeat(`\u00e9`, 1<<20), "many bytes": "x" + strings.Repeat("é", 3<<20),
	} {
		t.Run(name, func(t *testing.T) {
			d := standIn(t, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, `{"id":7,"language":"%s","login":"amy","login_name":"accord:%s","full_name":"%s","location":"\"here\""}`, text, someone.AccountID, text)
			})
			p, err := d.Profile(t.Context(), amy)
			require.NoError(t, err)
			require.Equal(t, `"here"`, p.Location)
			require.InDelta(t, 4<<10, len(p.FullName), 4<<10+4)
		})
	}
}

// A page whose entries are too long together is read entry by entry, and one entry
// that is too long ends by its number.
func TestLongEntriesAreReadSingly(t *testing.T) {
	entry := func(n int) fields {
		e := fields{"id": n, "name": fmt.Sprint("app-", n)}
		if n == 60 {
			e["zz"] = slices.Repeat([]string{"https://example.com"}, 100_000)
		}
		return e
	}
	for _, capped := range []int{50, 20} {
		d := withAmy(t, "/oauth2", func(w http.ResponseWriter, r *http.Request) {
			page, limit := pageOf(t, r)
			limit = min(limit, capped)
			entries := []fields{}
			for i := (page-1)*limit + 1; i <= min(page*limit, 103); i++ {
				entries = append(entries, entry(i))
			}
			w.Header().Set("X-Total-Count", "103")
			_ = json.NewEncoder(w).Encode(entries)
		})
		found, err := d.Credentials(t.Context(), someone.AccountID, app.OAuth2Application)
		require.NoError(t, err)
		require.Len(t, found, 103)
		require.Equal(t, "app-59", found[58].Name)
		require.Equal(t, app.Credential{Kind: app.OAuth2Application, User: "amy", ID: "60"}, found[59])
	}
}

// withAmy is a Gitea with one user of ours, which answers paths of that ending by
// listed.
func withAmy(t *testing.T, ending string, listed http.HandlerFunc) *gitea.Directory {
	t.Helper()
	return standIn(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/admin/users") && !strings.HasSuffix(r.URL.Query().Get("login_name"), ":adopted"):
			w.Header().Set("X-Total-Count", "1")
			_, _ = io.WriteString(w, "["+ours+"]")
		case strings.HasSuffix(r.URL.Path, ending):
			listed(w, r)
		default:
			look(w, r)
		}
	})
}

// pageOf returns the page that is asked for, and how long it may be.
func pageOf(t *testing.T, r *http.Request) (page, limit int) {
	t.Helper()
	_, err := fmt.Sscanf(r.URL.Query().Get("page")+" "+r.URL.Query().Get("limit"), "%d %d", &page, &limit)
	if err != nil {
		t.Error(err)
	}
	return page, limit
}

// Runners, whose listing has no total, are read one by one if their labels are long.
func TestRunnersOfManyLabelsAreRead(t *testing.T) {
	const runners = 3
	d := withAmy(t, "/runners", func(w http.ResponseWriter, r *http.Request) {
		page, limit := pageOf(t, r)
		entries := []fields{}
		for i := (page-1)*limit + 1; i <= min(page*limit, runners); i++ {
			entries = append(entries, fields{
				"id": i, "name": fmt.Sprint("runner-", i), "labels": slices.Repeat([]fields{{"name": "a", "type": "custom"}}, 20_000),
			})
		}
		_ = json.NewEncoder(w).Encode(fields{"runners": entries, "total_count": runners})
	})
	found, err := d.Credentials(t.Context(), someone.AccountID, app.ActionsRunner)
	require.NoError(t, err)
	require.Len(t, found, runners)
	require.Equal(t, "runner-3", found[2].Name)
}

// An address that JSON writes six times as long is read, and ended, whole.
func TestAddressesOfEscapedCharactersAreWhole(t *testing.T) {
	address := strings.Repeat("&", 1000) + "@x.org"
	text, err := json.Marshal(address)
	require.NoError(t, err)
	require.Greater(t, len(text), 6000)
	d := withAmy(t, "/user/emails", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `[{"email":"amy@example.com","primary":true},{"email":%s}]`, text)
	})
	found, err := d.Credentials(t.Context(), someone.AccountID, app.SecondAddress)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, address, found[0].ID)
}
