package app_test

import (
	"net/mail"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"accord/app"
	"accord/saga/sagatest"
)

// typed are texts as people type them, and as they should not.
func typed() *rapid.Generator[string] {
	pieces := rapid.SampledFrom([]string{
		"a", "Z", "9", "ｱ", "Ａ", "１", "张", "·", "é", "e\u0301", "\u0301", "ß", "İ", " ", "  ", "\u3000", "\u00a0", "\t", "\n", "\r\n", "\r", "\u2028",
		"-", "_", ".", "@", "+", "86", "00", "(", "http://", "HTTPS://", "example.com", "/", "%", "%41", "?", "#", ":", "\u200b", "\u200d", "\u202e", "\ufeff",
		"❤\ufe0f", "👩\u200d🚀", "👍🏽", "🇨🇳", "1\ufe0f\u20e3", "\u3164", "\u2800", "\x00", "\x7f", "\xff", "\ufffd", "api", ".keys", "@mobile.invalid",
	})
	return rapid.OneOf(
		rapid.Map(rapid.SliceOfN(pieces, 0, 12), func(all []string) string { return strings.Join(all, "") }),
		rapid.Map(rapid.IntRange(0, 300), func(n int) string { return strings.Repeat("长", n) }),
		rapid.String(),
	)
}

// TestNormalisingAgainChangesNothing, and a text is judged alike before and after.
func TestNormalisingAgainChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := typed().Draw(t, "text")
		for _, field := range app.Fields([]string{"86"}) {
			normal := field.Normalise(text)
			require.Equal(t, normal, field.Normalise(normal), field.Name)
			require.Equal(t, field.Check(text), field.Check(normal), field.Name)
			if field.Check(text) == "" {
				require.True(t, utf8.ValidString(normal), field.Name)
				require.LessOrEqual(t, utf8.RuneCountInString(normal), field.Max, field.Name)
			}
		}
	})
}

// TestAcceptedAddressesCanBeRead by the library that mails and that of URLs.
func TestAcceptedAddressesCanBeRead(t *testing.T) {
	website, _ := app.FieldNamed("website")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(typed(), rapid.StringMatching(`[a-z.!+-]{1,8}@[a-z.-]{1,8}`), rapid.StringMatching(`https?://[a-z.:%/?# -]{1,12}`)).Draw(t, "text")
		if app.EmailAllowed(text) {
			parsed, err := mail.ParseAddress(text)
			require.NoError(t, err)
			require.Equal(t, text, parsed.Address)
		}
		if normal := website.Normalise(text); website.Check(text) == "" && normal != "" {
			u, err := url.ParseRequestURI(normal)
			require.NoError(t, err)
			require.NotEmpty(t, u.Hostname())
			require.Nil(t, u.User)
		}
	})
}

func TestNicknames(t *testing.T) {
	nickname, _ := app.FieldNamed("nickname")
	for text, want := range map[string]string{
		"张三": "张三", "  Li  Hua ": "Li Hua", "Li\u3000Hua": "Li Hua", "Zoe\u0308": "Zoë", "迪丽热巴·迪力木拉提": "迪丽热巴·迪力木拉提", "（小明）！": "（小明）！",
		"❤\ufe0f": "❤\ufe0f", "👩\u200d🚀": "👩\u200d🚀", "👍🏽": "👍🏽", "🇨🇳": "🇨🇳", "1\ufe0f\u20e3": "1\ufe0f\u20e3", "नमस्ते": "नमस्ते", "#1": "#1",
		strings.Repeat("长", 255): strings.Repeat("长", 255),
	} {
		require.Equal(t, app.Rule(""), nickname.Check(text), "%q", text)
		require.Equal(t, want, nickname.Normalise(text))
	}
	for _, text := range []string{
		"\u200b", "\u200b\u200d\u2060", "\u202e", "\u202eabc", "a\u200bb", "ab\ufeff", "\u3164", "\u115f", "\u2800", "\u0301", "a\u2066b\u2069", "a\u00adb",
		"a\nb", "a\x00", "\xff", "\ufffd", "a\u2028b", "\ue000", "a\u200d", "❤\u200d", "\ufe0f", "a\ufe0f", "a\U000e0041",
	} {
		require.Equal(t, app.Pattern, nickname.Check(text), "%q", text)
	}
	require.Equal(t, app.Length, nickname.Check(strings.Repeat("长", 256)))
	require.Equal(t, app.NotBlank, nickname.Check(" \u3000 "))
}

func TestWebsites(t *testing.T) {
	website, _ := app.FieldNamed("website")
	for text, want := range map[string]string{
		"": "", "  ": "", "example.com": "https://example.com", " HTTP://Example.com/A ": "http://Example.com/A", "例子.cn/路?a=%20#b": "https://例子.cn/路?a=%20#b",
		"http://localhost:8080": "http://localhost:8080",
	} {
		require.Equal(t, app.Rule(""), website.Check(text), "%q", text)
		require.Equal(t, want, website.Normalise(text))
	}
	for _, text := range []string{"javascript:alert(1)", "ftp://a.cn", "http://", "http://a b", "http://a:b@c.cn", "http://a.cn/%zz", "a\x00.cn", "mailto:a@b.cn"} {
		require.Equal(t, app.Pattern, website.Check(text), "%q", text)
	}
}

func TestNumbersAsPeopleWriteThem(t *testing.T) {
	for _, text := range []string{"13800138000", "+86 138-0013-8000", "0086 138 0013 8000", "(138) 0013.8000", "１３８００１３８０００", "\u00a0138–0013–8000 "} {
		country, mobile := app.NormaliseNumber("+86", text)
		require.Equal(t, "86", country)
		require.Equal(t, "13800138000", mobile, "%q", text)
	}
	_, other := app.NormaliseNumber("86", "+852 5123 4567")
	require.False(t, app.MobileAllowed("86", other))
}

// TestAPlaceholderIsNobodysAddress: the addresses of accounts that have none cannot
// be had.
func TestAPlaceholderIsNobodysAddress(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	ctx, who := t.Context(), app.Principal{Account: p.account}
	for _, address := range []string{"26010100000001@mobile.invalid", "a@Mobile.Invalid "} {
		for name, call := range map[string]func() error{
			"register": func() error {
				_, err := p.service.Register(ctx, app.Registration{Username: "mallory", Email: address, Password: goodPassword})
				return err
			},
			"code": func() error {
				_, err := p.service.SendMailCode(ctx, address, app.AnyPurpose, "zh")
				return err
			},
			"user name": func() error {
				_, err := p.service.SendUsername(ctx, address, "", "zh")
				return err
			},
			"change": func() error {
				_, err := p.service.ChangeEmail(ctx, who, app.EmailChange{Password: goodPassword, Old: p.account.Email, New: address})
				return err
			},
			"verify": func() error { return p.service.VerifyTarget(ctx, app.Target{Email: address}, "123456") },
			"check":  func() error { return p.service.CheckNewcomer(ctx, app.Registration{NoUsername: true, Email: address}) },
		} {
			var refused *app.Error
			require.ErrorAs(t, call(), &refused, name)
			require.Equal(t, []app.Violation{{Field: "email", Rule: app.EmailSyntax}}, refused.Violations, name)
		}
	}
}

// TestAProfileIsAcceptedAsItIs, also one that Gitea had before us and that nobody
// could choose here.
func TestAProfileIsAcceptedAsItIs(t *testing.T) {
	for _, there := range []app.Profile{
		{Nickname: "Alice", Description: strings.Repeat("长", 200), Website: "http://a.test/" + strings.Repeat("x", 200), Location: " there "},
		{Nickname: " \u200bA ", Description: "one\r\ntwo ", Website: "HTTP://a.test", Location: "e\u0301"},
		{Nickname: "\u202e", Location: "a\nb"},
	} {
		p := newPerson(t, sagatest.NewClock())
		_, err := p.store.Accounts.SetProfile(t.Context(), p.account.ID, there, p.account.CreatedAt)
		require.NoError(t, err)
		account, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
		require.NoError(t, err)
		_, err = p.service.Edit(t.Context(), app.Principal{Account: account}, account.Profile)
		require.NoError(t, err, "%+v", there)
		after, err := p.store.Accounts.ByID(t.Context(), p.account.ID)
		require.NoError(t, err)
		require.Equal(t, there, after.Profile)
	}
}

// TestNamesAreFoundAsTheyAreTyped: whoever registered so can sign in so.
func TestNamesAreFoundAsTheyAreTyped(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	_, err := w.service.Register(t.Context(), app.Registration{Username: " ａlice ", Email: "alice@example.com\n", Password: goodPassword})
	require.NoError(t, err)
	for _, in := range []app.Credentials{{Username: "alice"}, {Username: "Ａlice "}, {Email: " Alice@Example.com"}} {
		in.Password = goodPassword
		entered, _, err := w.service.SignIn(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, "alice", entered.Account.Username)
		require.Equal(t, "alice@example.com", entered.Account.Email)
	}
}
