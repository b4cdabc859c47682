package gitea_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
	"accord/app"
)

// What takes a request for each organization or repository is asked several at a
// time, by what costs Gitea least.
func TestManyThingsAreAskedTogether(t *testing.T) {
	const things, atOnce = 300, 8
	for name, tt := range map[string]struct {
		listing string
		ask     func(context.Context, *gitea.Directory) error
	}{
		"organizations": {"orgs", func(ctx context.Context, d *gitea.Directory) error {
			_, err := d.SharedOrganizations(ctx, amy)
			return err
		}},
		"deploy keys": {"repos", func(ctx context.Context, d *gitea.Directory) error {
			_, err := d.Credentials(ctx, someone.AccountID, app.DeployKey)
			return err
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var asked, present atomic.Int64
			met := make(chan struct{})
			listing := lister(t, things, 50)
			d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
				last := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
				switch {
				case strings.HasSuffix(r.URL.Path, "/admin/users") && !strings.HasSuffix(r.URL.Query().Get("login_name"), ":adopted"):
					w.Header().Set("X-Total-Count", "1")
					_, _ = io.WriteString(w, "["+ours+"]")
				case last == tt.listing:
					listing(w, r)
				case last != "members" && last != "keys":
					look(w, r)
				default:
					if _, secret, _ := r.BasicAuth(); secret != adminToken {
						t.Error("by password")
					}
					if present.Add(1) > atOnce {
						t.Error("too many at once")
					}
					if asked.Add(1) == atOnce {
						close(met)
					}
					select {
					case <-met:
					case <-r.Context().Done():
					}
					present.Add(-1)
					w.Header().Set("X-Total-Count", "1")
					_ = json.NewEncoder(w).Encode([]fields{{"id": 1, "title": "key"}})
				}
			})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			require.NoError(t, tt.ask(ctx, d))
			require.EqualValues(t, things, asked.Load())
		})
	}
}
