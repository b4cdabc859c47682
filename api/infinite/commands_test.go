package infinite_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
)

// setup carries out one command of a script:
//
//	fresh                          nothing is there yet (always so here)
//	after DURATION                 the clock goes on
//	foreign NAME ADDRESS           somebody else's user in Gitea
//	organization NAME OWNER MEMBER an organization in Gitea with these two people
//	status NAME STATUS             an operator's doing
//	code ADDRESS|NUMBER            gives the code that was sent there last
//	fault gitea|storage|mail|sms|files CALL KIND
//	                               every such call is refused (refuse), fails (fail) or loses its reply (lose)
//	fault store|hasher|pictures CALL KIND
//	                               every such call fails with an error of that kind
//	mend                           everything works again
func (w *world) setup(t testing.TB, command []string) string {
	t.Helper()
	args := command[1:]
	switch command[0] {
	case "fresh":
	case "after":
		d, err := time.ParseDuration(args[0])
		require.NoError(t, err)
		w.clock.advance(d)
	case "foreign":
		w.directory.Place(memory.Entry{Username: args[0], Emails: []string{args[1]}}, "not-known-to-us")
	case "organization":
		w.directory.Place(memory.Entry{Username: args[0], Organization: true}, "")
		w.directory.Join(args[0], args[1], true)
		w.directory.Join(args[0], args[2], false)
	case "status":
		done, err := w.db.ExecContext(t.Context(), "UPDATE accounts SET status = ? WHERE username = ?", args[1], args[0])
		require.NoError(t, err)
		changed, err := done.RowsAffected()
		require.NoError(t, err)
		require.EqualValues(t, 1, changed, "nobody is called %s", args[0])
	case "code":
		return w.sentCode(t, args[0])
	case "fault":
		w.inject(t, args[0], args[1], args[2])
	case "mend":
		w.mend()
	default:
		require.Fail(t, "unknown command", "%q", command)
	}
	return ""
}

// sentCode is the code that was sent last to an address or a number.
func (w *world) sentCode(t testing.TB, to string) string {
	t.Helper()
	for _, m := range slices.Backward(w.mailer.Sent()) {
		if m.Kind == app.MailCode && m.To == to {
			return m.Code.Reveal()
		}
	}
	for _, m := range slices.Backward(w.sms.Sent()) {
		if m.Mobile == to {
			return m.Code.Reveal()
		}
	}
	require.Fail(t, "no code", "was sent to %s", to)
	return ""
}

func (w *world) remotes() map[string]*memory.Faults {
	return map[string]*memory.Faults{
		"gitea": w.directory.Faults, "storage": w.storage.Faults, "mail": w.mailer.Faults, "sms": w.sms.Faults, "files": w.files.Faults,
	}
}

func (w *world) inject(t testing.TB, system, call, kind string) {
	t.Helper()
	if remote, ok := w.remotes()[system]; ok {
		fault, ok := map[string]memory.Fault{"refuse": memory.Refuse, "fail": memory.FailBefore, "lose": memory.LoseReply}[kind]
		require.True(t, ok, "no fault is called %s", kind)
		remote.Break(fault, call)
		return
	}
	kinds := map[string]app.Kind{
		"internal": app.Internal, "storage": app.StorageFailed, "busy": app.Busy, "picture": app.PictureFailed,
	}
	require.Contains(t, slices.Collect(maps.Keys(kinds)), kind)
	w.faults.inject(system+" "+call, kinds[kind])
}

func (w *world) mend() {
	for _, remote := range w.remotes() {
		remote.Mend()
	}
	w.faults.mend()
}
