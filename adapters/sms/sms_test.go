package sms

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

const (
	testMobile = "15651234567"
	testCode   = "K7MPQ4"
	testKey    = "s3cr3t-key-of-the-gateway"
)

func message() app.ShortMessage {
	return app.ShortMessage{InternationalCode: "86", Mobile: testMobile, Code: testCode, Language: "zh"}
}

// requireFailure demands an SMSFailed error that holds no secret, and the right
// promise about what was sent.
func requireFailure(t *testing.T, err error, refused bool) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, app.SMSFailed, app.KindOf(err))
	require.Equal(t, refused, saga.IsRefused(err), err)
	for _, secret := range []string{testMobile, testCode, testKey} {
		require.NotContains(t, strings.ToLower(err.Error()), strings.ToLower(secret))
	}
}

func TestCheck(t *testing.T) {
	for name, change := range map[string]func(*app.ShortMessage){
		"as it is":           func(*app.ShortMessage) {},
		"English":            func(m *app.ShortMessage) { m.Language = "en" },
		"shortest":           func(m *app.ShortMessage) { m.InternationalCode, m.Mobile = "1", "2345" },
		"longest":            func(m *app.ShortMessage) { m.InternationalCode, m.Mobile = "886", "123456789012" },
		"number with a zero": func(m *app.ShortMessage) { m.InternationalCode, m.Mobile = "39", "0612345678" },
	} {
		t.Run(name, func(t *testing.T) {
			m := message()
			change(&m)
			require.NoError(t, check(m))
		})
	}
}

// improper are messages that no provider may send.
func improper() map[string]app.ShortMessage {
	all := map[string]app.ShortMessage{}
	for name, change := range map[string]func(*app.ShortMessage){
		"no country":           func(m *app.ShortMessage) { m.InternationalCode = "" },
		"country with a plus":  func(m *app.ShortMessage) { m.InternationalCode = "+86" },
		"country too long":     func(m *app.ShortMessage) { m.InternationalCode = "8600" },
		"country with zeros":   func(m *app.ShortMessage) { m.InternationalCode = "086" },
		"no number":            func(m *app.ShortMessage) { m.Mobile = "" },
		"number too short":     func(m *app.ShortMessage) { m.InternationalCode, m.Mobile = "1", "234" },
		"number too long":      func(m *app.ShortMessage) { m.InternationalCode, m.Mobile = "886", "1234567890123" },
		"number with a hyphen": func(m *app.ShortMessage) { m.Mobile = "1565-1234567" },
		"number with a letter": func(m *app.ShortMessage) { m.Mobile = "1565123456x" },
		"two numbers":          func(m *app.ShortMessage) { m.Mobile = "1565123,156" },
		"foreign digits":       func(m *app.ShortMessage) { m.Mobile = "١٥٦٥١٢٣" },
		"full-width digits":    func(m *app.ShortMessage) { m.Mobile = "１５６５１" },
		"number and a line":    func(m *app.ShortMessage) { m.Mobile = "15651234567\n" },
		"no code":              func(m *app.ShortMessage) { m.Code = "" },
		"code too long":        func(m *app.ShortMessage) { m.Code = "ABCDEFGHJKLMNPQRS" },
		"code with a quote":    func(m *app.ShortMessage) { m.Code = `K7","x":"` },
		"code with an escape":  func(m *app.ShortMessage) { m.Code = "K7&to=1" },
		"no language":          func(m *app.ShortMessage) { m.Language = "" },
		"unknown language":     func(m *app.ShortMessage) { m.Language = "fr" },
	} {
		m := message()
		change(&m)
		all[name] = m
	}
	return all
}

func TestQuotableKeepsTheMessageBack(t *testing.T) {
	for said, want := range map[string]string{
		"isv.BUSINESS_LIMIT_CONTROL": "isv.BUSINESS_LIMIT_CONTROL", "21211": "21211", "no-credit": "no-credit",
		"": "unnamed", "two words": "unnamed", "<html>": "unnamed", "x" + strings.ToLower(testCode): "unnamed",
		"to." + testMobile: "unnamed", strings.Repeat("x", 65): "unnamed",
	} {
		require.Equal(t, want, quotable(said, message()), said)
	}
}
