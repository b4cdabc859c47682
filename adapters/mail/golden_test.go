package mail

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMessagesAsTheyAreRead holds the text of every message against
// testdata/LANGUAGE.golden, for people to review: `go test -update` writes it.
func TestMessagesAsTheyAreRead(t *testing.T) {
	s := serve(t, None, nil)
	m := inShanghai(t, s)
	m.options.Contact = "help@accord.test"
	for _, language := range languages {
		var got strings.Builder
		for _, r := range readers(language) {
			require.NoError(t, m.Send(t.Context(), r.mail))
			msg := open(t, (<-s.mail).data)
			fmt.Fprintf(&got, "=== %s\nSubject: %s\n\n%s\n", r.name, msg.subject, strings.ReplaceAll(msg.text, "\r\n", "\n"))
		}
		file := filepath.Join("testdata", language+".golden")
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(got.String()), 0o600))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), got.String())
	}
}

// reader is a message and the situation of whoever reads it.
type reader struct {
	name string
	mail app.Mail
}

func readers(language string) []reader {
	all := []reader{
		{"code, of any purpose", app.Mail{Kind: app.MailCode, Code: "7KQ2MX"}},
		{"code", app.Mail{Kind: app.MailCode, Code: "7KQ2MX", Purpose: app.ForReset, From: changed.From}},
		{"user name", app.Mail{Kind: app.MailUsername, Username: "alice"}},
		{"welcome", app.Mail{Kind: app.MailWelcome, Username: "alice"}},
	}
	grace := changed.At.Add(7 * 24 * time.Hour)
	ended := map[app.CredentialKind]int{app.GiteaToken: 2, app.OAuth2Application: 1, app.SecondAddress: 1, app.StorageAccessKey: 1}
	everything := map[app.CredentialKind]int{app.GiteaToken: 12, app.SSHKey: 1, app.GPGKey: 1, app.DeployKey: 3}
	own := func(n app.Notice) app.Notice {
		n.By, n.From = app.BySelf, changed.From
		return n
	}
	for _, n := range []app.Notice{
		own(app.Notice{Kind: app.NoticePasswordChanged}),
		own(app.Notice{Kind: app.NoticePasswordReset, Last: true}),
		{Kind: app.NoticePasswordSet, By: app.ByAdministrator},
		own(app.Notice{Kind: app.NoticeEmailChanged, Former: true}),
		own(app.Notice{Kind: app.NoticeEmailChanged}),
		{Kind: app.NoticeEmailChanged, By: app.ByAdministrator, Former: true},
		own(app.Notice{Kind: app.NoticeEmailConfirmed}),
		own(app.Notice{Kind: app.NoticeMobileChanged}),
		{Kind: app.NoticeRoleChanged, By: app.ByOperator, Role: app.SuperAdministrator},
		own(app.Notice{Kind: app.NoticeDeleted, Closed: true, Until: grace}),
		own(app.Notice{Kind: app.NoticeDeleted, Closed: true}),
		{Kind: app.NoticeRestored, By: app.ByOperator},
		{Kind: app.NoticeSuspended, By: app.ByOperator, Closed: true},
		{Kind: app.NoticeResumed, By: app.ByOperator},
		{Kind: app.NoticeSessionsEnded, By: app.ByOperator},
		own(app.Notice{Kind: app.NoticeOwnerChanged}),
		own(app.Notice{Kind: app.NoticeEvicted, Ended: everything}),
		own(app.Notice{Kind: app.NoticeEvicted, Ended: ended, Closed: true}),
		{Kind: app.NoticeEvicted, By: app.ByOperator, Ended: ended, Keys: 2},
		own(app.Notice{Kind: app.NoticeKeysStay, Keys: 2}),
		{Kind: app.NoticeRemade},
		own(app.Notice{Kind: app.NoticeSignIn}),
	} {
		n.At = changed.At
		name := fmt.Sprintf("notice: %s, by %s, former address %v, closed %v", n.Kind, n.By, n.Former, n.Closed)
		all = append(all, reader{name, app.Mail{Kind: app.MailNotice, Notice: n}})
	}
	for i := range all {
		all[i].mail.To, all[i].mail.Language = "person@example.test", language
	}
	return all
}

// TestAdviceCanBeFollowed: only whoever can reset the password is advised to.
func TestAdviceCanBeFollowed(t *testing.T) {
	for _, tt := range []struct {
		n     app.Notice
		reset bool
	}{
		{app.Notice{By: app.BySelf}, true},
		{app.Notice{By: app.BySelf, Former: true}, false},
		{app.Notice{By: app.BySelf, Closed: true}, false},
		{app.Notice{Former: true}, false},
		{app.Notice{By: app.ByOperator}, false},
	} {
		require.Equal(t, tt.reset, strings.Contains(remedyOf(tt.n).en, "reset your password"), tt.n)
		require.Equal(t, tt.reset, strings.Contains(remedyOf(tt.n).zh, "打开平台重置密码"), tt.n)
		require.Contains(t, remedyOf(tt.n).en, "administrators")
		require.Contains(t, remedyOf(tt.n).zh, "管理员")
	}
}

// TestEveryCredentialAndRoleHasWords in both languages.
func TestEveryCredentialAndRoleHasWords(t *testing.T) {
	require.Len(t, credentials, len(app.CredentialKinds()))
	for i, kind := range app.CredentialKinds() {
		require.Equal(t, kind, credentials[i].kind)
		require.NotEmpty(t, credentials[i].name.zh)
		require.NotEmpty(t, credentials[i].name.en)
	}
	for _, role := range app.Roles() {
		require.NotEmpty(t, roles[role].zh)
		require.NotEmpty(t, roles[role].en)
	}
}
