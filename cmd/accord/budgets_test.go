package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/api/community"
	"accord/api/infinite"
	"accord/api/jpress"
	"accord/api/oauth"
	"accord/api/portal"
	"accord/api/registry"
	sessionapi "accord/api/session"
	"accord/app"
)

// Reasons why a route has no budget.
const (
	// ofSession: it needs an open session, and costs no more than a look.
	ofSession = "an open session"
	// ofItsSession: it ends the session that it needs, which a limited route opened.
	ofItsSession = "the session that it ends"
	// byProof: it needs a token or a proof that a limited route gave.
	byProof = "a proof that is given once"
	// ofAdministrator: it needs a session and a role, and the trail records it.
	ofAdministrator = "an administrator's session"
)

var (
	signInBudget   = []string{"guard.client", "guard.account", "limits.signInsPerAccountHour", "limits.signInsPerClientHour"}
	registerBudget = []string{"limits.lookupsPerClientHour", "limits.registrationsPerClientHour", "limits.codeTriesPerClient"}
	mailBudget     = []string{"mail.perClientHour", "mail.platformDay", "mail.reservePercent", "limits.codesPerTargetMinute", "limits.codesPerTargetDay"}
	smsBudget      = []string{"sms.perClientHour", "sms.platformDay", "sms.reservePercent", "limits.codesPerTargetMinute", "limits.codesPerTargetDay"}
	codeBudget     = []string{"guard.client.codes", "limits.codeTriesPerClient"}
	changeBudget   = []string{"limits.changesPerAccountHour"}
	manageBudget   = []string{"limits.managedPerAccountHour"}
	updateBudget   = []string{"limits.changesPerAccountHour", "limits.managedPerAccountHour"}
	confirmBudget  = []string{"guard.account.confirm", "limits.changesPerAccountHour"}
	confirmByCode  = []string{"guard.account.confirm", "guard.client.codes", "limits.codeTriesPerClient", "limits.changesPerAccountHour"}
	drawBudget     = []string{"limits.challengesPerClientMinute", "limits.challengesPlatform"}
	solveBudget    = []string{"limits.solvesPerClientHour"}
	profileBudget  = []string{"limits.profilesPerClientHour"}
	checkByMail    = append([]string{"limits.lookupsPerClientHour"}, mailBudget...)
	checkByPhone   = append([]string{"limits.lookupsPerClientHour"}, smsBudget...)
)

// budgets says for every route which limits bound it, or why none does.
var budgets = map[string][]string{
	"infinite POST /api/user/registerIndividual": registerBudget,
	"infinite POST /api/user/login":              signInBudget,
	"infinite POST /api/user/logout":             {ofItsSession},
	"infinite POST /api/user/getUserDetail":      {ofSession},
	"infinite POST /api/user/emailVerifyCode":    mailBudget,
	"infinite POST /api/user/generateSmsCode":    smsBudget,
	"infinite POST /api/user/editUser":           changeBudget,
	"infinite POST /api/user/resetUserPassword":  codeBudget,
	"infinite POST /api/user/modifyUserEmail":    confirmByCode,
	"infinite POST /api/user/modifyUserPassword": confirmBudget,
	"infinite POST /api/user/editUserMobile":     confirmByCode,
	"infinite POST /api/user/deleteUser":         confirmBudget,
	"infinite POST /api/file/upload":             {"picture.perAccountHour", "picture.platformHour"},

	"portal POST /api/v1/sendEmailCode":                  mailBudget,
	"portal POST /api/v1/register":                       registerBudget,
	"portal POST /api/v1/login":                          signInBudget,
	"portal GET /api/v1/capacha/get":                     drawBudget,
	"portal GET /api/v1/captcha/get":                     drawBudget,
	"portal GET /api/v1/capacha/verify":                  solveBudget,
	"portal GET /api/v1/captcha/verify":                  solveBudget,
	"portal POST /api/v1/forgetPassword/verifyEmailCode": codeBudget,
	"portal POST /api/v1/forgetPassword/modify":          {byProof},

	"community GET /api/v1/verify/captcha/get":       drawBudget,
	"community POST /api/v1/verify/captcha/validate": solveBudget,
	"community POST /api/v1/user/code/email":         mailBudget,
	"community POST /api/v1/user/register":           registerBudget,
	"community POST /api/v1/user/login":              signInBudget,
	"community POST /api/v1/user/login/email":        signInBudget,
	"community GET /api/v1/user/resetpwd/check":      {byProof},
	"community POST /api/v1/user/pwd/modify":         codeBudget,
	"community GET /api/v1/user/info/other":          profileBudget,
	"community GET /api/v1/user/uid":                 profileBudget,
	"community GET /api/v1/user/info/get":            {ofSession},
	"community POST /api/v1/user/info/modify":        changeBudget,
	"community POST /api/v1/user/cover/modify":       changeBudget,
	"community GET /api/v1/user/manage/list":         {ofAdministrator},
	"community GET /api/v1/user/manage/search":       {ofAdministrator},
	"community GET /api/v1/user/manage/search&*":     {ofAdministrator},
	"community POST /api/v1/user/manage/modify":      manageBudget,
	"community POST /api/v1/user/manage/role/modify": manageBudget,
	"community POST /api/v1/user/manage/delete":      manageBudget,
	"community GET /api/v1/user/token/refresh":       {ofSession},

	"jpress POST /api/user/create":         append(slices.Clone(registerBudget), manageBudget...),
	"jpress POST /api/user/detail":         {ofSession},
	"jpress GET /api/user/detail":          {ofSession},
	"jpress POST /api/user/login":          signInBudget,
	"jpress POST /api/user/update":         updateBudget,
	"jpress POST /api/user/updatePassword": append(slices.Clone(confirmBudget), manageBudget...),

	"registry POST /registry/checkEmailPwd": checkByMail,
	"registry POST /registry/checkEmail":    checkByMail,
	"registry POST /registry/checkPhonePwd": checkByPhone,
	"registry POST /registry/checkPhone":    checkByPhone,
	"registry POST /registry/verifyEmail":   codeBudget,
	"registry POST /registry/verifyPhone":   codeBudget,
	"registry PUT /registry/save":           registerBudget,
	"registry POST /registry/findUsername": {
		"mail.perClientHour", "mail.platformDay", "mail.reservePercent", "limits.usernamesPerTargetMinute", "limits.usernamesPerTargetDay",
	},
	"registry POST /registry/findPassword":  append(slices.Clone(mailBudget), smsBudget...),
	"registry POST /registry/resetPassword": append([]string{"limits.redeemedCodeTries"}, codeBudget...),
	"registry POST /registry/login":         signInBudget,

	"oauth POST /oauth/introspect":           {"guard.client.introspection"},
	"session POST /api/session/repositories": {"limits.repositoriesPerAccountHour"},
}

// TestEveryRouteHasABudget asks whoever adds a route for its limits.
func TestEveryRouteHasABudget(t *testing.T) {
	reasons := []string{ofSession, ofItsSession, byProof, ofAdministrator}
	var served []string
	for _, dialect := range []api.Dialect{
		infinite.New(infinite.Options{}), portal.New(portal.Options{}), community.New(community.Options{TokenPair: true}),
		jpress.New(jpress.Options{}), registry.New(registry.Options{}), oauth.New(oauth.Options{}),
		sessionapi.New(sessionapi.Options{Envelope: infinite.Envelope{}}),
	} {
		for _, route := range dialect.Routes {
			name := strings.Join([]string{dialect.Name, route.Method, route.Path}, " ")
			served = append(served, name)
			require.NotEmpty(t, budgets[name], "%s: which limits bound it?", name)
			for _, limit := range budgets[name] {
				require.True(t, slices.Contains(app.LimitNames(), limit) || slices.Contains(reasons, limit), "%s: %s", name, limit)
			}
		}
	}
	require.Len(t, budgets, len(served), "routes that are no more")
}
