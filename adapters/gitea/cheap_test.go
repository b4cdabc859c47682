package gitea_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/gitea"
	"accord/app"
)

// A request that costs less with the token is sent again with the password if
// Gitea refuses the token. Which of the two it refuses is remembered, if the other
// one will do.
func TestWhatGiteaRefusesIsRemembered(t *testing.T) {
	const (
		good      = http.StatusNoContent
		scopeless = http.StatusForbidden
		untaken   = http.StatusUnauthorized
	)
	for name, tt := range map[string]struct {
		token, password int
		// sent are the credentials of three deletions, t for the token and p for the
		// password.
		sent string
		ends bool
	}{
		"the token will do":                          {good, good, "t t t", true},
		"the token lacks a scope":                    {scopeless, good, "tp p p", true},
		"the token is not taken":                     {untaken, good, "tp p p", true},
		"passwords are not taken":                    {good, untaken, "t t t", true},
		"a scope is lacking, passwords not taken":    {scopeless, untaken, "tp t t", false},
		"neither may do it":                          {scopeless, scopeless, "tp tp tp", false},
		"neither is taken":                           {untaken, untaken, "tp tp tp", false},
		"the token is not taken, the password lacks": {untaken, scopeless, "tp tp tp", false},
	} {
		t.Run(name, func(t *testing.T) {
			var sent strings.Builder
			d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodDelete {
					_, _ = io.WriteString(w, ours)
					return
				}
				_, secret, _ := r.BasicAuth()
				letter, status := "p", tt.password
				if secret == adminToken {
					letter, status = "t", tt.token
				}
				sent.WriteString(letter)
				w.WriteHeader(status)
				if status != good {
					_, _ = io.WriteString(w, `{"message":"refused","url":""}`)
				}
			})
			for n := range 3 {
				if n > 0 {
					sent.WriteString(" ")
				}
				err := d.EndCredential(t.Context(), someone.AccountID, app.Credential{Kind: app.GiteaToken, User: "amy", ID: strconv.Itoa(n + 1), Name: "ci"})
				if tt.ends {
					require.NoError(t, err)
				} else {
					require.Equal(t, app.DirectoryFailed, app.KindOf(err))
				}
			}
			require.Equal(t, tt.sent, sent.String())
		})
	}
}

// A refusal for one kind of request says nothing about another.
func TestWhatGiteaRefusesIsRememberedByKind(t *testing.T) {
	var sent strings.Builder
	d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodDelete {
			_, _ = io.WriteString(w, ours)
			return
		}
		_, secret, _ := r.BasicAuth()
		hooks := strings.Contains(r.URL.Path, "hooks")
		switch {
		case secret == adminToken && hooks:
			sent.WriteString("t")
			w.WriteHeader(http.StatusForbidden)
			return
		case secret == adminToken:
			sent.WriteString("T")
		default:
			sent.WriteString("p")
		}
		w.WriteHeader(http.StatusNoContent)
	})
	for range 2 {
		for _, kind := range []app.CredentialKind{app.Webhook, app.GiteaToken} {
			require.NoError(t, d.EndCredential(t.Context(), someone.AccountID, app.Credential{Kind: kind, User: "amy", ID: "1"}))
		}
	}
	require.Equal(t, "tpTpT", sent.String())
}

// A refusal of the token, which may be a proxy's, is forgotten after a while.
func TestTheTokenIsTriedAgain(t *testing.T) {
	var sent strings.Builder
	refuses := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodDelete {
			_, _ = io.WriteString(w, ours)
			return
		}
		_, secret, _ := r.BasicAuth()
		switch {
		case secret != adminToken:
			sent.WriteString("p")
		case refuses:
			sent.WriteString("t")
			w.WriteHeader(http.StatusForbidden)
			return
		default:
			sent.WriteString("T")
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	d := newDirectory(t, gitea.Options{
		URL: server.URL, AdminUser: "root", AdminPassword: adminPassword, AdminToken: adminToken, Now: func() time.Time { return now },
	})
	for _, tt := range []struct {
		after time.Duration
		want  string
	}{{0, "tp"}, {10*time.Minute - 1, "p"}, {1, "tp"}, {9 * time.Minute, "p"}, {time.Minute, "T"}, {0, "T"}} {
		now = now.Add(tt.after)
		refuses = refuses && tt.want != "T"
		sent.Reset()
		require.NoError(t, d.EndCredential(t.Context(), someone.AccountID, app.Credential{Kind: app.GiteaToken, User: "amy", ID: "1"}))
		require.Equal(t, tt.want, sent.String())
	}
}
