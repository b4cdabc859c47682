package gitea_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// Gitea lets two creations of one name that meet both through.
func TestTwinTokensAreAllDeleted(t *testing.T) {
	var deleted []string
	d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		switch {
		case r.Method == http.MethodDelete && name == "accord-x":
			w.WriteHeader(http.StatusUnprocessableEntity)
		case r.Method == http.MethodDelete:
			deleted = append(deleted, name)
			w.WriteHeader(http.StatusNoContent)
		case name == "amy":
			_, _ = fmt.Fprintf(w, `{"id":7,"login":"amy","login_name":"accord:%s"}`, amy.AccountID)
		case r.URL.Query().Get("page") == "1":
			_, _ = io.WriteString(w, "["+strings.Repeat(`{"id":1,"name":"other"},`, 49)+`{"id":3,"name":"accord-x"}]`)
		case r.URL.Query().Get("page") != "2":
			_, _ = io.WriteString(w, "[]")
		default:
			_, _ = io.WriteString(w, `[{"id":5,"name":"accord-x"},{"id":6,"name":"accord-xx"}]`)
		}
	})
	require.NoError(t, d.DeleteToken(t.Context(), amy, "accord-x"))
	require.Equal(t, []string{"3", "5"}, deleted)
}

// A deletion that stops half-way has changed something.
func TestHalfDeletedTwinsAreUnknown(t *testing.T) {
	d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			w.Header().Set("X-Total-Count", "2")
			_, _ = io.WriteString(w, `[{"id":3,"name":"accord-x"},{"id":5,"name":"accord-x"}]`)
		case strings.HasSuffix(r.URL.Path, "/3"):
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	})
	err := d.DeleteToken(t.Context(), amy, "accord-x")
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.False(t, saga.IsRefused(err), "%v", err)
}

// The token of somebody who is not ours is taken back before anybody has it;
// it is said that nothing was done only where that is so.
func TestForeignTokenIsTakenBack(t *testing.T) {
	for name, c := range map[string]struct {
		made, deleted int
		refused       bool
	}{
		"taken back":     {http.StatusCreated, http.StatusNoContent, true},
		"not taken back": {http.StatusCreated, http.StatusForbidden, false},
		"not found":      {http.StatusCreated, http.StatusNotFound, false},
		"not made":       {http.StatusForbidden, http.StatusForbidden, true},
		"in the way":     {http.StatusBadRequest, http.StatusForbidden, true},
		"perhaps made":   {http.StatusInternalServerError, http.StatusForbidden, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
				switch r.Method {
				case http.MethodGet:
					_, _ = io.WriteString(w, `{"id":7,"login":"amy","login_name":"somebody"}`)
				case http.MethodPost:
					w.WriteHeader(c.made)
					_, _ = fmt.Fprintf(w, `{"name":"accord-x","sha1":%q}`, madeToken)
				default:
					w.WriteHeader(c.deleted)
					_, _ = io.WriteString(w, `{"message":"no","url":"/api/swagger"}`)
				}
			})
			token, err := d.CreateToken(t.Context(), amy, "accord-x")
			require.Empty(t, token)
			require.Equal(t, app.DirectoryFailed, app.KindOf(err))
			require.Equal(t, c.refused, saga.IsRefused(err), "%v", err)
		})
	}
}

// Where the old token is gone and another one was not made, something changed.
func TestHalfReplacedTokenIsUnknown(t *testing.T) {
	d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
			_, _ = io.WriteString(w, ours)
		case http.MethodPost:
			w.WriteHeader(http.StatusBadRequest)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	})
	_, err := d.CreateToken(t.Context(), amy, "accord-x")
	require.Equal(t, app.DirectoryFailed, app.KindOf(err))
	require.False(t, saga.IsRefused(err), "%v", err)
}

// The address may stand behind many that contain it.
func TestHolderOfAnAddressIsFoundOnLaterPages(t *testing.T) {
	d := standIn(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			w.WriteHeader(http.StatusUnprocessableEntity)
		case r.URL.Path == "/api/v1/users/bob":
			_, _ = io.WriteString(w, `{"id":8,"login":"bob","login_name":"accord:26010100000009"}`)
		case r.URL.Path == "/api/v1/users/amy":
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"message":"","url":""}`)
		case r.URL.Query().Get("page") == "1":
			like := strings.Repeat(`,{"email":"xamy@example.com","username":"x"}`, 50)
			_, _ = io.WriteString(w, "["+like[1:]+"]")
		case r.URL.Query().Get("page") != "2":
			_, _ = io.WriteString(w, "[]")
		default:
			_, _ = io.WriteString(w, `[{"email":"Amy@Example.com","primary":true,"username":"bob"}]`)
		}
	})
	_, err := d.CreateUser(t.Context(), someone)
	var taken *app.Taken
	require.ErrorAs(t, err, &taken)
	require.Equal(t, app.Taken{Username: "bob", Mark: "26010100000009"}, *taken)
	require.Equal(t, app.EmailTaken, app.KindOf(err))
}
