package infinite_test

import (
	"path"
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
		return wiretest.Target{URL: w.URL, Setup: w.Setup}
	})
}

// TestGoldensCoverTheDocument: each endpoint has a golden for each code of its
// table, and some can be replayed anywhere.
func TestGoldensCoverTheDocument(t *testing.T) {
	always := []string{
		"General.Success", "General.Failure", "General.InternalServerError", "General.RpcServerError", "General.ParameterInvalid",
	}
	// What the tables of changes leave out, but no dialect may.
	signedIn := append(slices.Clone(always), "General.TokenExpired", "General.TokenInvalid")
	tables := map[string][]string{
		"registerIndividual": append(slices.Clone(always), "General.GiteaServerError", "General.UserRepeat", "General.EmailRepeat"),
		"login":              append(slices.Clone(always), "General.GiteaServerError", "Account.VerifyError"),
		// A session that is over is Success, also while Gitea or the storage is down.
		"logout": {
			"General.Success", "General.Failure", "General.InternalServerError", "General.ParameterInvalid", "General.TokenExpired", "General.TokenInvalid",
		},
		"getUserDetail":     append(slices.Clone(always), "General.TokenExpired", "General.TokenInvalid"),
		"emailVerifyCode":   always,
		"editUser":          append(slices.Clone(signedIn), "General.GiteaServerError"),
		"resetUserPassword": append(slices.Clone(always), "General.GiteaServerError", "Account.VerifyCodeError"),
		"modifyUserEmail": append(slices.Clone(signedIn), "General.GiteaServerError", "Account.VerifyError",
			"Account.VerifyCodeError", "General.ParameterRepeat", "General.EmailRepeat"),
		"modifyUserPassword": append(slices.Clone(signedIn), "General.GiteaServerError", "Account.VerifyError", "General.ParameterRepeat"),
		"deleteUser":         append(slices.Clone(signedIn), "General.GiteaServerError", "Account.VerifyError"),
		"editUserMobile": append(slices.Clone(signedIn), "General.Unauthorized", "General.MobileHasBeenUsed",
			"Account.VerifyError", "Account.VerifyCodeError"),
		"generateSmsCode": append(slices.Clone(always), "Account.OverGlobalSmsSendLimits"),
		"../file/upload":  signedIn,
	}
	codeLine := regexp.MustCompile(`"code": "([^"]+)"`)
	seen := map[string]bool{}
	anywhere := 0
	for _, script := range wiretest.Load(t, goldens) {
		if !script.NeedsSetup() {
			anywhere++
		}
		for _, exchange := range script.Exchanges() {
			_, endpoint, _ := strings.Cut(exchange.Request, " ")
			code := codeLine.FindStringSubmatch(exchange.Body)
			require.Len(t, code, 2, "%s has an answer without a code", script.Name)
			seen[endpoint+" "+code[1]] = true
		}
	}
	for endpoint, codes := range tables {
		for _, code := range codes {
			require.True(t, seen[path.Join("/api/user", endpoint)+" "+code], "%s has no golden for %s", endpoint, code)
		}
	}
	require.NotZero(t, anywhere, "no golden can be replayed against a running server")
}
