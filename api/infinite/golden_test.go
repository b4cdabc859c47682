package infinite_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api/wiretest"
)

const goldens = "../../testdata/wire/infinite"

// TestGoldens replays every documented request and code.
func TestGoldens(t *testing.T) {
	wiretest.Replay(t, wiretest.Load(t, goldens), func(t *testing.T) wiretest.Target {
		w := newWorld(t)
		return wiretest.Target{URL: w.url, Setup: w.setup}
	})
}

// TestGoldensCoverTheDocument: each endpoint has a golden for each code of its
// table, and some can be replayed anywhere.
func TestGoldensCoverTheDocument(t *testing.T) {
	always := []string{
		"General.Success", "General.Failure", "General.InternalServerError", "General.RpcServerError", "General.ParameterInvalid",
	}
	tables := map[string][]string{
		"registerIndividual": append(slices.Clone(always), "General.GiteaServerError", "General.UserRepeat", "General.EmailRepeat"),
		"login":              append(slices.Clone(always), "General.GiteaServerError", "Account.VerifyError"),
		"logout":             append(slices.Clone(always), "General.GiteaServerError", "General.TokenExpired", "General.TokenInvalid"),
		"getUserDetail":      append(slices.Clone(always), "General.TokenExpired", "General.TokenInvalid"),
	}
	codeLine := regexp.MustCompile(`"code": "([^"]+)"`)
	seen := map[string]bool{}
	anywhere := 0
	for _, script := range wiretest.Load(t, goldens) {
		if !script.NeedsSetup() {
			anywhere++
		}
		for _, exchange := range script.Exchanges() {
			_, path, _ := strings.Cut(exchange.Request, " ")
			code := codeLine.FindStringSubmatch(exchange.Body)
			require.Len(t, code, 2, "%s has an answer without a code", script.Name)
			seen[path+" "+code[1]] = true
		}
	}
	for endpoint, codes := range tables {
		for _, code := range codes {
			require.True(t, seen["/api/user/"+endpoint+" "+code], "%s has no golden for %s", endpoint, code)
		}
	}
	require.NotZero(t, anywhere, "no golden can be replayed against a running server")
}
