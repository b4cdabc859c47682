package memory_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
	"accord/saga"
)

var amy = app.DirectoryUser{AccountID: "26010100000001", Username: "amy", Email: "amy@example.com", Password: "abcdefg7"}

func create(ctx context.Context, d *memory.Directory) error {
	_, err := d.CreateUser(ctx, amy)
	return err
}

func TestFaultsTellEffectFromAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		fault            memory.Fault
		refused, changed bool
	}{
		"refuse":      {memory.Refuse, true, false},
		"fail before": {memory.FailBefore, false, false},
		"lose reply":  {memory.LoseReply, false, true},
		"delay":       {memory.Delay, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := memory.NewDirectory()
			injected := d.Inject("CreateUser", c.fault)
			err := create(t.Context(), d)
			require.Equal(t, app.DirectoryFailed, app.KindOf(err))
			require.Equal(t, c.refused, saga.IsRefused(err))
			require.Equal(t, c.changed, len(d.Entries()) == 1)
			<-injected.Met()
			require.NoError(t, create(t.Context(), d), "a fault is for one call")
			require.Len(t, d.Entries(), 1)
			require.Equal(t, 2, d.Count("CreateUser"))
		})
	}
}

func TestHungCallEndsWithItsContext(t *testing.T) {
	for name, fault := range map[string]memory.Fault{"hang": memory.Hang, "hold": memory.Hold} {
		t.Run(name, func(t *testing.T) {
			d := memory.NewDirectory()
			injected := d.Inject("CreateUser", fault)
			ctx, cancel := context.WithCancel(t.Context())
			answered := make(chan error, 1)
			go func() { answered <- create(ctx, d) }()
			<-injected.Met()
			select {
			case err := <-answered:
				t.Fatal("answered before its context ended:", err)
			default:
			}
			cancel()
			err := <-answered
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, app.DirectoryFailed, app.KindOf(err))
			require.False(t, saga.IsRefused(err))
			require.Empty(t, d.Entries())
		})
	}
}

func TestDelayedCallTakesEffectWhenReleased(t *testing.T) {
	d := memory.NewDirectory()
	late := d.Inject("CreateUser", memory.Delay)
	require.Error(t, create(t.Context(), d))
	require.NoError(t, d.RemoveUser(t.Context(), amy.Username, amy.AccountID))
	require.Empty(t, d.Entries())
	require.NoError(t, late.Release())
	require.Len(t, d.Entries(), 1)
	require.NoError(t, d.RemoveUser(t.Context(), amy.Username, amy.AccountID))
	require.NoError(t, late.Release(), "once")
	require.Empty(t, d.Entries())
}

// A late request meets what happened in the meantime like any other.
func TestDelayedCallMayFailWhenReleased(t *testing.T) {
	d := memory.NewDirectory()
	late := d.Inject("CreateUser", memory.Delay)
	require.Error(t, create(t.Context(), d))
	d.Place(memory.Entry{Username: "Amy", Emails: []string{"other@example.com"}}, "")
	require.Equal(t, app.UserTaken, app.KindOf(late.Release()))
}

func TestDelayedCallOfAnEndedContextNeverTakesEffect(t *testing.T) {
	d := memory.NewDirectory()
	late := d.Inject("CreateUser", memory.Delay)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.True(t, saga.IsRefused(create(ctx, d)))
	require.NoError(t, late.Release())
	require.Empty(t, d.Entries())
}

func TestHeldCallGoesOn(t *testing.T) {
	d := memory.NewDirectory()
	held := d.Inject("CreateUser", memory.Hold)
	answered := make(chan error, 1)
	go func() { answered <- create(t.Context(), d) }()
	<-held.Met()
	require.Empty(t, d.Entries())
	require.NoError(t, held.Release())
	require.NoError(t, <-answered)
	require.Len(t, d.Entries(), 1)
}

func TestBrokenCallsFailUntilMended(t *testing.T) {
	d := memory.NewDirectory()
	d.Break(memory.Refuse, "CreateUser", "RemoveUser")
	d.Inject("CreateUser", memory.LoseReply)
	require.False(t, saga.IsRefused(create(t.Context(), d)), "the injected one goes first")
	for range 3 {
		require.True(t, saga.IsRefused(create(t.Context(), d)))
		require.True(t, saga.IsRefused(d.RemoveUser(t.Context(), amy.Username, amy.AccountID)))
	}
	require.NoError(t, d.DeleteToken(t.Context(), app.DirectoryRef{AccountID: amy.AccountID, Username: amy.Username}, "accord-x"))
	d.Inject("CreateUser", memory.Refuse)
	d.Mend()
	require.NoError(t, create(t.Context(), d))
	require.Panics(t, func() { d.Break(memory.Delay, "CreateUser") })
}
