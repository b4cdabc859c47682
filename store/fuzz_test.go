package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/saga"
	"accord/store"
	"accord/store/storetest"
)

// FuzzSagaRows has any row in the journal: what can be read of it is read, what
// cannot is an error or a step that no flow has, and a saga behind it that is due
// is claimed all the same. A state is what was sealed, or an error.
func FuzzSagaRows(f *testing.F) {
	for _, steps := range []string{`{"reserve account":"done","create in Gitea":"started"}`, "null", "", "{", "[]", `{"a":7}`, `{"\xff":"done"}`} {
		f.Add("running", steps, "one", "reason", []byte(`{"secret":"x"}`), int64(1), 0, int64(1), "started", true)
		f.Add("unheard of", steps, "", "", []byte("not sealed"), int64(-1<<63), -1, int64(1<<63-1), "", false)
	}
	dsn := filepath.Join(f.TempDir(), "accord.db")
	s := open(f, store.SQLite, dsn, slog.DiscardHandler)
	raw := behind(f, store.SQLite, dsn)
	_, err := raw.Exec("PRAGMA synchronous = OFF")
	require.NoError(f, err)

	f.Fuzz(func(t *testing.T, phase, steps, owner, reason string, state []byte, due int64, attempts int, epoch int64, event string, seal bool) {
		for _, statement := range []string{"DELETE FROM sagas", "DELETE FROM saga_entries", "DELETE FROM saga_holds"} {
			_, err := raw.Exec(statement)
			require.NoError(t, err)
		}
		damaged, healthy := running("damaged"), running("healthy")
		damaged.State = state
		for _, r := range []saga.Record{damaged, healthy} {
			require.NoError(t, s.Journal.Begin(t.Context(), func(context.Context) (saga.Write, error) { return saga.Write{Record: r}, nil }))
		}
		kept, err := s.Journal.Load(t.Context(), "damaged")
		require.NoError(t, err)
		require.Equal(t, string(state), string(kept.State))
		_, err = raw.Exec("UPDATE sagas SET phase = ?, steps = ?, owner = ?, reason = ?, due = ?, attempts = ?, epoch = ? WHERE id = 'damaged'",
			phase, steps, owner, reason, due, attempts, epoch)
		require.NoError(t, err)
		_, err = raw.Exec("INSERT INTO saga_entries (saga_id, seq, event, step, cause, epoch, at) VALUES ('damaged', 7, ?, ?, ?, ?, ?)",
			event, steps, reason, epoch, due)
		require.NoError(t, err)
		if !seal {
			_, err = raw.Exec("UPDATE sagas SET state = ? WHERE id = 'damaged'", state)
			require.NoError(t, err)
		}

		r, err := s.Journal.Load(t.Context(), "damaged")
		require.Equal(t, seal || len(state) == 0, err == nil, "%v", err)
		if err == nil {
			require.Equal(t, []any{saga.Phase(phase), attempts, epoch, string(state)}, []any{r.Phase, r.Attempts, r.Epoch, string(r.State)})
		} else {
			require.Less(t, len(err.Error()), 300)
		}
		claimed, err := s.Journal.Claim(t.Context(), "two", at(time.Hour), at(2*time.Hour), 2)
		require.NoError(t, err)
		var ids []string
		for _, c := range claimed {
			ids = append(ids, c.ID)
		}
		require.Contains(t, ids, "healthy")
		listed, err := s.Archive.List(t.Context(), saga.Filter{}, saga.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, listed, 2)
		entries, err := s.Journal.Entries(t.Context(), "damaged")
		require.NoError(t, err)
		require.Equal(t, saga.Event(event), entries[len(entries)-1].Event)
	})
}

// FuzzSealed has the database hold any bytes where a sealed answer should be:
// nothing but what was sealed there is read.
func FuzzSealed(f *testing.F) {
	sealer := storetest.NewSealer()
	sealed, err := sealer.Seal([]byte("x"), []byte("answers\x00answer\x001"))
	require.NoError(f, err)
	for _, seed := range [][]byte{sealed, sealed[:len(sealed)-1], nil, {0}, []byte("plain")} {
		f.Add(seed)
	}
	dsn := filepath.Join(f.TempDir(), "accord.db")
	s := open(f, store.SQLite, dsn, slog.DiscardHandler)
	raw := behind(f, store.SQLite, dsn)
	f.Fuzz(func(t *testing.T, stored []byte) {
		_, err := raw.Exec("DELETE FROM answers")
		require.NoError(t, err)
		asked, err := s.Answers.Begin(t.Context(), "key", []byte("print"), at(0), at(time.Hour))
		require.NoError(t, err)
		_, err = raw.Exec("UPDATE answers SET answer = ? WHERE id = ?", stored, asked.Claim)
		require.NoError(t, err)
		again, err := s.Answers.Begin(t.Context(), "key", []byte("print"), at(0), at(time.Hour))
		require.Empty(t, again.Answer)
		require.Equal(t, len(stored) > 0, err != nil, fmt.Sprint(err))
		_, err = raw.Exec("UPDATE answers SET fingerprint = ? WHERE id = ?", append([]byte{}, stored...), asked.Claim)
		require.NoError(t, err)
		_, err = s.Answers.Begin(t.Context(), "key", []byte("print"), at(0), at(time.Hour))
		require.Error(t, err)
	})
}
