package app_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func TestUsernameAllowed(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "alice": true, "Alice-B.c_d": true, "7": true, strings.Repeat("a", 40): true,
		"": false, strings.Repeat("a", 41): false, "-a": false, ".a": false, "a-": false, "a..b": false, "a._b": false,
		"a b": false, "张三": false, "a\x00b": false, "a/b": false, "a\n": false,
		"api": false, "API": false, "ghost": false, "gitea-actions": false, "v2": false,
		"me.keys": false, "me.PNG": false, "keys": true, "apis": true,
	} {
		require.Equal(t, want, app.UsernameAllowed(name), "user name %q", name)
	}
}

func TestEmailAllowed(t *testing.T) {
	longLabel := strings.Repeat("d", 64)
	for address, want := range map[string]bool{
		"a@b.cn": true, "a.b+c@sub.example.com": true, "A@EXAMPLE.COM": true, "a@localhost": true,
		"": false, "a": false, "@b.cn": false, "a@": false, "a@@b.cn": false, "a b@c.cn": false, "-a@b.cn": false,
		"a@-b.cn": false, "a@" + longLabel + ".cn": false, "张@b.cn": false, "a@b.cn\r\nBcc: c@d.cn": false,
		"Name <a@b.cn>": false, ".a@b.cn": false, "a..b@c.cn": false,
		strings.Repeat("a", 250) + "@b.cn": false,
	} {
		require.Equal(t, want, app.EmailAllowed(address), "address %q", address)
	}
}

func TestPasswordAllowed(t *testing.T) {
	for password, want := range map[string]bool{
		"1qazxsw2": true, "abcdefg1": true, "A1!@#$%^&*()_+-=": true, "pass word 1": true,
		"": false, "abcdefgh": false, "12345678": false, "a1b2c3d": false, "a1b2c3d4e5f6g7h8i": false,
		"密码密码abc1": false, "abcdef1\x00": false, "abcdef1\n": false, "!@#$%^&1": false,
	} {
		require.Equal(t, want, app.PasswordAllowed(password), "password %q", password)
	}
}

func TestKindsHaveNames(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range app.Kinds() {
		require.NotEmpty(t, kind.String())
		require.False(t, seen[kind.String()], "two kinds are called %q", kind)
		seen[kind.String()] = true
	}
}
