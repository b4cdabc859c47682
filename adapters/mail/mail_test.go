package mail

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

var now = time.Date(2026, 2, 3, 4, 5, 6, 0, time.FixedZone("", 8*3600))

func options(s *server, mode TLS) Options {
	o := Options{
		Host: "127.0.0.1", Port: s.port, TLS: mode, RootCAs: s.roots,
		From: "无限平台 <no-reply@mail.accord.test>", Platform: "无限", Timeout: 20 * time.Second,
		Now: func() time.Time { return now },
	}
	if mode != None {
		o.Username, o.Password = testUser, testPassword
	}
	return o
}

func newMailer(t *testing.T, o Options) *Mailer {
	t.Helper()
	m, err := New(o)
	require.NoError(t, err)
	return m
}

func welcome(language, username string) app.Mail {
	return app.Mail{Kind: app.MailWelcome, To: "person@example.test", Language: language, Username: username}
}

// opened is a message as its reader sees it.
type opened struct {
	netmail.Header

	subject, text, html string
}

func open(t *testing.T, data []byte) opened {
	t.Helper()
	msg, err := netmail.ReadMessage(bytes.NewReader(data))
	require.NoError(t, err)
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	parts := multipart.NewReader(msg.Body, params["boundary"])
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	require.NoError(t, err)
	got := opened{Header: msg.Header, subject: subject, text: part(t, parts, "text/plain"), html: part(t, parts, "text/html")}
	_, err = parts.NextPart()
	require.ErrorIs(t, err, io.EOF)
	return got
}

func part(t *testing.T, parts *multipart.Reader, want string) string {
	t.Helper()
	p, err := parts.NextRawPart()
	require.NoError(t, err)
	kind, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, want, kind)
	require.Equal(t, "utf-8", strings.ToLower(params["charset"]))
	require.Equal(t, "quoted-printable", p.Header.Get("Content-Transfer-Encoding"))
	text, err := io.ReadAll(quotedprintable.NewReader(p))
	require.NoError(t, err)
	return string(text)
}

// A welcome to an address that nobody proved to read names nobody.
func TestWelcomeWithoutAName(t *testing.T) {
	s := serve(t, None, nil)
	m := newMailer(t, options(s, None))
	for language, greeting := range map[string]string{"zh": "您好：", "en": "Hello,"} {
		require.NoError(t, m.Send(t.Context(), welcome(language, "")))
		msg := open(t, (<-s.mail).data)
		for _, body := range []string{msg.text, msg.html} {
			require.Contains(t, body, greeting)
			require.NotContains(t, body, "，您好")
		}
	}
}

func TestWelcomeInBothLanguages(t *testing.T) {
	s := serve(t, None, nil)
	m := newMailer(t, options(s, None))
	for language, want := range map[string]struct{ subject, greeting, said string }{
		"zh": {"欢迎加入 无限", "张三🀄，您好", "代码仓库和对象存储"},
		"en": {"Welcome to 无限", "Hello 张三🀄,", "git repositories and object storage"},
	} {
		t.Run(language, func(t *testing.T) {
			require.NoError(t, m.Send(t.Context(), welcome(language, "张三🀄")))
			got := <-s.mail
			require.Equal(t, "no-reply@mail.accord.test", got.from)
			require.Equal(t, "person@example.test", got.to)

			msg := open(t, got.data)
			require.Equal(t, want.subject, msg.subject)
			for _, body := range []string{msg.text, msg.html} {
				require.Contains(t, body, want.greeting)
				require.Contains(t, body, want.said)
			}
			require.NotContains(t, msg.text, "<")
			require.Contains(t, msg.html, `<html lang="`+language+`">`)
			require.Contains(t, msg.html, "<title>"+want.subject+"</title>")

			from, err := msg.AddressList("From")
			require.NoError(t, err)
			require.Equal(t, []*netmail.Address{{Name: "无限平台", Address: "no-reply@mail.accord.test"}}, from)
			to, err := msg.AddressList("To")
			require.NoError(t, err)
			require.Equal(t, []*netmail.Address{{Address: "person@example.test"}}, to)
			date, err := msg.Date()
			require.NoError(t, err)
			require.True(t, now.Equal(date))
			require.Regexp(t, `^<[a-z2-7]{26}@mail\.accord\.test>$`, msg.Get("Message-ID"))
			require.Equal(t, "auto-generated", msg.Get("Auto-Submitted"))
			require.Equal(t, language, msg.Get("Content-Language"))
		})
	}
}

func TestCodeInBothLanguages(t *testing.T) {
	s := serve(t, None, nil)
	m := newMailer(t, options(s, None))
	for language, subject := range map[string]string{"zh": "无限 验证码", "en": "Your 无限 verification code"} {
		mail := app.Mail{Kind: app.MailCode, To: "person@example.test", Language: language, Code: "7KQ2MX"}
		require.NoError(t, m.Send(t.Context(), mail))
		msg := open(t, (<-s.mail).data)
		require.Equal(t, subject, msg.subject)
		require.Contains(t, msg.text, "7KQ2MX")
		require.Contains(t, msg.html, ">7KQ2MX<")
	}
}

func TestEachMessageHasItsOwnID(t *testing.T) {
	s := serve(t, None, nil)
	m := newMailer(t, options(s, None))
	var ids []string
	for range 2 {
		require.NoError(t, m.Send(t.Context(), welcome("en", "alice")))
		ids = append(ids, open(t, (<-s.mail).data).Get("Message-ID"))
	}
	require.NotEqual(t, ids[0], ids[1])
}

// A name is put into the subject here, which no template of ours does.
func TestNoHeaderCanBeInjected(t *testing.T) {
	s := serve(t, None, nil)
	m := newMailer(t, options(s, None))
	pair := m.templates["welcome.en"]
	_, err := pair.text.New("subject").Parse("Hello {{.Username}}")
	require.NoError(t, err)
	for _, ending := range []string{"\r\n", "\n", "\r", "\u2028", "\u0085", "\x00", "\v", "\r\n\r\n", "\r\n.\r\n"} {
		evil := "alice" + ending + "Bcc: victim@example.test"
		require.NoError(t, m.Send(t.Context(), welcome("en", evil)))
		got := <-s.mail
		msg := open(t, got.data)
		require.Empty(t, msg.Get("Bcc"))
		require.Regexp(t, `^Hello alice (\. )?Bcc: victim@example\.test$`, msg.subject)
		require.NotContains(t, msg.text, "\nBcc:")
	}
}

func TestOnlyBareAddressesAreRecipients(t *testing.T) {
	s := serve(t, None, nil)
	m := newMailer(t, options(s, None))
	for _, to := range []string{
		"", "alice", "@example.test", "a b@example.test", "Alice <a@example.test>", "<a@example.test>",
		"a@example.test, b@example.test", "a@example.test\r\nBcc: b@example.test", "a@example.test\nDATA",
		"a@example.test\r\nRCPT TO:<b@example.test>", "a@example.test>\r\n", "\"a\r\nb\"@example.test", "a@example.test\x00",
		" a@example.test", "a@example.test ", strings.Repeat("a", 250) + "@example.test",
	} {
		mail := welcome("en", "alice")
		mail.To = to
		err := m.Send(t.Context(), mail)
		require.Error(t, err, "%q", to)
		require.Equal(t, app.MailFailed, app.KindOf(err))
		require.True(t, saga.IsRefused(err))
	}
	require.Empty(t, s.ended, "the server was asked all the same")
}

func TestANameCannotBringMarkup(t *testing.T) {
	s := serve(t, None, nil)
	m := newMailer(t, options(s, None))
	require.NoError(t, m.Send(t.Context(), welcome("en", `<a href="https://evil.test">x</a>`)))
	msg := open(t, (<-s.mail).data)
	require.NotContains(t, msg.html, "<a ")
	require.Contains(t, msg.html, "&lt;a href=")
}

func TestUnknownKindOrLanguage(t *testing.T) {
	s := serve(t, None, nil)
	m := newMailer(t, options(s, None))
	for _, mail := range []app.Mail{
		{Kind: "farewell", Language: "en", To: "a@example.test"},
		{Kind: app.MailWelcome, Language: "fr", To: "a@example.test"},
		{Kind: app.MailWelcome, To: "a@example.test"},
	} {
		err := m.Send(t.Context(), mail)
		require.ErrorContains(t, err, "no template")
		require.Equal(t, app.MailFailed, app.KindOf(err))
		require.True(t, saga.IsRefused(err))
	}
}

func TestManyAtOnce(t *testing.T) {
	s := serve(t, StartTLS, nil)
	m := newMailer(t, options(s, StartTLS))
	var wg sync.WaitGroup
	const count = 16
	for range count {
		wg.Go(func() {
			if err := m.Send(t.Context(), welcome("zh", "alice")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Len(t, s.mail, count)
}

func TestOptionsFaultsAreReportedTogether(t *testing.T) {
	_, err := New(Options{TLS: "ssl", Password: "pa55word", From: "nobody", Timeout: -1})
	for _, fault := range []string{"no host", "port", "tls is not", "go together", "timeout", "no clock", "from is not"} {
		require.ErrorContains(t, err, fault)
	}
	require.NotContains(t, err.Error(), "pa55word")
}

func TestNoPasswordInClear(t *testing.T) {
	o := options(&server{port: 25}, StartTLS)
	o.TLS = None
	_, err := New(o)
	require.ErrorContains(t, err, "in clear")
}

func TestEveryKindHasEveryLanguage(t *testing.T) {
	all, err := loadTemplates(files)
	require.NoError(t, err)
	require.Contains(t, all, string(app.MailWelcome)+".zh")
	languages := map[string][]string{}
	for name := range all {
		kind, language, _ := strings.Cut(name, ".")
		languages[kind] = append(languages[kind], language)
	}
	require.Equal(t, []string{"any"}, languages[string(app.MailNotice)], "its words come from tables")
	delete(languages, string(app.MailNotice))
	for kind, have := range languages {
		require.ElementsMatch(t, []string{"zh", "en"}, have, kind)
	}
}

func TestUsernameInBothLanguages(t *testing.T) {
	s := serve(t, None, nil)
	m := newMailer(t, options(s, None))
	for language, subject := range map[string]string{"zh": "您的 无限 用户名", "en": "Your 无限 user name"} {
		require.NoError(t, m.Send(t.Context(), app.Mail{
			Kind: app.MailUsername, To: "person@example.test", Language: language, Username: "alice-7",
		}))
		msg := open(t, (<-s.mail).data)
		require.Equal(t, subject, msg.subject)
		require.Contains(t, msg.text, "alice-7\r\n")
		require.Contains(t, msg.html, ">alice-7<")
	}
}
