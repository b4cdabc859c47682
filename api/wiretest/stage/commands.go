package stage

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/app"
)

// Setup carries out one command of a script:
//
//	fresh                          nothing is there yet (always so here)
//	after DURATION                 the clock goes on
//	foreign NAME ADDRESS           somebody else's user in Gitea
//	organization NAME OWNER MEMBER an organization in Gitea with these two people
//	status NAME STATUS             an operator's doing
//	role NAME ROLE                 an operator's doing
//	code ADDRESS|NUMBER            gives the code that was sent there last
//	puzzle ID                      gives the answer of a human check
//	invite USES [DURATION]         gives the code of a fresh invitation
//	fault gitea|storage|mail|sms|files CALL KIND
//	                               every such call is refused (refuse), fails (fail) or loses its reply (lose)
//	fault store|hasher|pictures CALL KIND
//	                               every such call fails with an error of that kind
//	mend                           everything works again
func (w *Stage) Setup(t testing.TB, command []string) string {
	t.Helper()
	args := command[1:]
	switch command[0] {
	case "fresh":
	case "after":
		d, err := time.ParseDuration(args[0])
		require.NoError(t, err)
		w.Clock.Advance(d)
	case "foreign":
		w.Directory.Place(memory.Entry{Username: args[0], Emails: []string{args[1]}}, "not-known-to-us")
	case "organization":
		w.Directory.Place(memory.Entry{Username: args[0], Organization: true}, "")
		w.Directory.Join(args[0], args[1], true)
		w.Directory.Join(args[0], args[2], false)
	case "status":
		w.set(t, args[0], "status", args[1])
	case "role":
		w.set(t, args[0], "role", args[1])
	case "code":
		return w.SentCode(t, args[0])
	case "puzzle":
		return w.challenges.answer(t, args[0])
	case "invite":
		return w.invite(t, args)
	case "fault":
		w.inject(t, args[0], args[1], args[2])
	case "mend":
		w.Mend()
	default:
		require.Fail(t, "unknown command", "%q", command)
	}
	return ""
}

// invite makes an invitation that an operator makes.
func (w *Stage) invite(t testing.TB, args []string) string {
	t.Helper()
	uses, err := strconv.Atoi(args[0])
	require.NoError(t, err)
	wanted := app.NewInvite{Uses: uses}
	if len(args) > 1 {
		d, err := time.ParseDuration(args[1])
		require.NoError(t, err)
		wanted.ExpiresAt = w.Clock.Now().Add(d)
	}
	_, code, err := w.Service.CreateInvite(t.Context(), wanted)
	require.NoError(t, err)
	return code.Reveal()
}

// set changes a column of one account behind everybody's back.
func (w *Stage) set(t testing.TB, username, column, value string) {
	t.Helper()
	done, err := w.db.ExecContext(t.Context(), "UPDATE accounts SET "+column+" = ? WHERE username = ?", value, username)
	require.NoError(t, err)
	changed, err := done.RowsAffected()
	require.NoError(t, err)
	require.EqualValues(t, 1, changed, "nobody is called %s", username)
}

// SentCode is the code that was sent last to an address or a number.
func (w *Stage) SentCode(t testing.TB, to string) string {
	t.Helper()
	for _, m := range slices.Backward(w.Mailer.Sent()) {
		if m.Kind == app.MailCode && m.To == to {
			return m.Code.Reveal()
		}
	}
	for _, m := range slices.Backward(w.SMS.Sent()) {
		if m.Mobile == to {
			return m.Code.Reveal()
		}
	}
	require.Fail(t, "no code", "was sent to %s", to)
	return ""
}

func (w *Stage) remotes() map[string]*memory.Faults {
	return map[string]*memory.Faults{
		"gitea": w.Directory.Faults, "storage": w.Storage.Faults, "mail": w.Mailer.Faults, "sms": w.SMS.Faults, "files": w.Files.Faults,
	}
}

func (w *Stage) inject(t testing.TB, system, call, kind string) {
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

// Mend ends every fault.
func (w *Stage) Mend() {
	for _, remote := range w.remotes() {
		remote.Mend()
	}
	w.faults.mend()
}
