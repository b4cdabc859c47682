package mail

import (
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"accord/app"
)

var changed = app.Notice{
	Kind: app.NoticePasswordChanged, By: app.BySelf, At: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
	From: app.Place{Address: "192.0.2.1", Program: "Firefox", System: "Linux"},
}

func notice(n app.Notice, language string) app.Mail {
	return app.Mail{Kind: app.MailNotice, To: "person@example.test", Language: language, Notice: n}
}

func inShanghai(t *testing.T, s *server) *Mailer {
	t.Helper()
	o := options(s, None)
	var err error
	o.Zone, err = time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	o.Footer = map[string]string{"zh": "无限平台运营团队", "en": "The team of the platform"}
	return newMailer(t, o)
}

func TestNoticeSaysWhatWhenWhereAndWhatToDo(t *testing.T) {
	s := serve(t, None, nil)
	m := inShanghai(t, s)
	for language, want := range map[string]struct{ subject, text string }{
		"zh": {"无限 - 密码已修改", `密码已修改

时间：2026-02-03 12:05:06 (UTC+08:00, Asia/Shanghai)
来自：192.0.2.1，Firefox / Linux

其他设备上的登录均已失效。

如果不是您本人操作，请立即像平时一样打开平台重置密码，并联系平台管理员。

本邮件由系统自动发送，请勿回复。

无限平台运营团队
`},
		"en": {"无限 - Your password was changed", `Your password was changed

When: 2026-02-03 12:05:06 (UTC+08:00, Asia/Shanghai)
From: 192.0.2.1, Firefox on Linux

You have been signed out on all other devices.

If this was not you, open the platform as you usually do, reset your password at once, and contact its administrators.

This message was sent automatically; please do not reply.

The team of the platform
`},
	} {
		require.NoError(t, m.Send(t.Context(), notice(changed, language)))
		msg := open(t, (<-s.mail).data)
		require.Equal(t, want.subject, msg.subject)
		require.Equal(t, want.text, strings.ReplaceAll(msg.text, "\r\n", "\n"))
		require.Equal(t, language, msg.Get("Content-Language"))
		for line := range strings.Lines(want.text) {
			require.Contains(t, msg.html, strings.ReplaceAll(strings.TrimSpace(line), "+", "&#43;"))
		}
	}
}

// TestNoticeInBothLanguages, if that of the account's owner is not known.
func TestNoticeInBothLanguages(t *testing.T) {
	s := serve(t, None, nil)
	m := inShanghai(t, s)
	require.NoError(t, m.Send(t.Context(), notice(app.Notice{
		Kind: app.NoticeDeleted, By: app.ByOperator, At: changed.At, Until: changed.At.Add(24 * time.Hour), Last: true,
	}, "")))
	msg := open(t, (<-s.mail).data)
	require.Equal(t, "无限 - 账号已注销 - Your account was deleted", msg.subject)
	for _, want := range []string{
		"Until this time the administrators can bring the account back: 2026-02-04 12:05:06", "2026-02-04 12:05:06 (UTC+08:00, Asia/Shanghai)",
		"运维人员", "An operator of the platform did this.", "本日内不再发送", "the last one for the day", "请勿回复", "do not reply",
	} {
		require.Contains(t, msg.text, want)
	}
	require.NotContains(t, msg.text, "From:")
}

// TestEveryNoticeHasWords in both languages, whoever made the change; and no
// notice has a link.
func TestEveryNoticeHasWords(t *testing.T) {
	s := serve(t, None, nil)
	m := inShanghai(t, s)
	require.Len(t, happened, len(app.NoticeKinds()))
	actors := []app.NoticeActor{app.ByUnknown, app.BySelf, app.ByAdministrator, app.ByOperator}
	require.Len(t, remedy, len(actors))
	for _, kind := range app.NoticeKinds() {
		for _, actor := range actors {
			for _, p := range []phrase{happened[kind], remedy[actor]} {
				require.NotEmpty(t, p.zh)
				require.NotEmpty(t, p.en)
			}
		}
		n := changed
		n.Kind, n.Keys, n.Until = kind, 3, changed.At
		for _, language := range []string{"zh", "en", ""} {
			require.NoError(t, m.Send(t.Context(), notice(n, language)))
			msg := open(t, (<-s.mail).data)
			for _, body := range []string{msg.text, msg.html} {
				require.NotContains(t, body, "http")
				require.NotContains(t, body, "<a ")
			}
		}
	}
	for _, unknown := range []app.Mail{notice(app.Notice{Kind: "other"}, "zh"), notice(changed, "fr")} {
		require.ErrorContains(t, m.Send(t.Context(), unknown), "no template")
	}
}

func TestEveryPurposeHasWords(t *testing.T) {
	s := serve(t, None, nil)
	m := newMailer(t, options(s, None))
	require.Len(t, purposes, 6)
	for purpose, words := range purposes {
		for _, language := range languages {
			require.NoError(t, m.Send(t.Context(), app.Mail{
				Kind: app.MailCode, To: "person@example.test", Language: language, Code: "7KQ2MX", Purpose: purpose, From: changed.From,
			}))
			msg := open(t, (<-s.mail).data)
			require.Contains(t, msg.subject, words.in(language))
			require.Equal(t, purpose != app.AnyPurpose, words.in(language) != "")
			for _, body := range []string{msg.text, msg.html} {
				require.Contains(t, body, words.in(language))
				require.Contains(t, body, "192.0.2.1")
				require.Contains(t, body, "Firefox")
			}
		}
	}
}

func TestPlacesInWords(t *testing.T) {
	for want, p := range map[string]app.Place{
		"192.0.2.1":          {Address: "192.0.2.1"},
		"192.0.2.1, Linux":   {Address: "192.0.2.1", System: "Linux"},
		"192.0.2.1, Firefox": {Address: "192.0.2.1", Program: "Firefox"},
		"an unknown address": {},
	} {
		require.Equal(t, want, placeIn(p, "en"))
	}
}

// TestRefusedForGood: what the server will never take is told apart from what it
// may take later.
func TestRefusedForGood(t *testing.T) {
	for _, tt := range []struct {
		stage string
		code  int
		final bool
	}{
		{atRecipient, 550, true}, {atContent, 554, true}, {atRecipient, 450, false}, {atContent, 451, false}, {atSender, 550, false},
	} {
		s := serve(t, None, map[string]func(*smtp.Conn) error{tt.stage: func(*smtp.Conn) error {
			return &smtp.SMTPError{Code: tt.code, EnhancedCode: smtp.NoEnhancedCode, Message: "no"}
		}})
		err := newMailer(t, options(s, None)).Send(t.Context(), welcome("en", "alice"))
		refused(t, s, err)
		if tt.final {
			require.ErrorIs(t, err, app.ErrUndeliverable, tt)
		} else {
			require.NotErrorIs(t, err, app.ErrUndeliverable, tt)
		}
		<-s.ended
	}
	mail := welcome("en", "alice")
	mail.To = "nobody"
	require.ErrorIs(t, newMailer(t, options(&server{port: 25}, None)).Send(t.Context(), mail), app.ErrUndeliverable)
}

// TestBrandIsOneLine, so that it cannot bring headers into a message.
func TestBrandIsOneLine(t *testing.T) {
	for _, evil := range []string{"a\r\nBcc: b@example.test", "a\nb", "a\x00", "a\u2028b", "\xff", strings.Repeat("a", 501)} {
		o := options(&server{port: 25}, None)
		o.Platform = evil
		_, err := New(o)
		require.ErrorContains(t, err, "the name of the platform", "%q", evil)
		o.Platform, o.Footer = "", map[string]string{"en": evil}
		_, err = New(o)
		require.ErrorContains(t, err, "the footer in en", "%q", evil)
		o.Footer, o.Contact = nil, evil
		_, err = New(o)
		require.ErrorContains(t, err, "the contact", "%q", evil)
	}
}
