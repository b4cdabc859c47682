package app_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga/sagatest"
)

// renames has the user renamed while an undo looks for it.
type renames struct {
	*memory.Directory
	done atomic.Bool
}

func (r *renames) RemoveUser(ctx context.Context, username, accountID string) error {
	if r.done.CompareAndSwap(false, true) {
		r.Directory.Rename(username, username+"-2")
	}
	return r.Directory.RemoveUser(ctx, username, accountID)
}

// Who renames the new user again and again outlives a registration that is undone.
func TestAnUndoneRegistrationLeavesNoUserThatIsRenamedMeanwhile(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	w.service.Directory = &renames{Directory: w.directory}
	w.storage.Inject("CreateUser", memoryFailBefore)
	_, err := w.service.Register(t.Context(), app.Registration{Username: "alice", Email: "alice@example.com", Password: goodPassword})
	require.Error(t, err)
	w.settle(t, clock)
	require.Empty(t, w.directory.Entries())
}

// pushes makes a repository as soon as the user is there.
type pushes struct{ *memory.Directory }

func (p pushes) CreateUser(ctx context.Context, u app.DirectoryUser) (int64, error) {
	id, err := p.Directory.CreateUser(ctx, u)
	if err == nil {
		p.Directory.Change(u.Username, func(e *memory.Entry) { e.Repositories = []string{"mine"} })
	}
	return id, err
}

// Who pushes before a registration is undone does not stay in.
func TestAnUndoneRegistrationLetsNoUserInThatHasSomething(t *testing.T) {
	clock := sagatest.NewClock()
	w := newWorld(t, clock)
	w.service.Directory = pushes{w.directory}
	w.storage.Inject("CreateUser", memoryFailBefore)
	_, err := w.service.Register(t.Context(), app.Registration{Username: "alice", Email: "alice@example.com", Password: goodPassword})
	require.Error(t, err)
	require.False(t, w.directory.SignsIn("alice", goodPassword))
}
