package infinite

import (
	"net/http"

	"accord/api"
	"accord/app"
)

// code is the business code of an answer.
type code string

const (
	success          code = "General.Success"
	failure          code = "General.Failure"
	serverError      code = "General.InternalServerError"
	rpcError         code = "General.RpcServerError"
	giteaError       code = "General.GiteaServerError"
	parameterInvalid code = "General.ParameterInvalid"
	tokenExpired     code = "General.TokenExpired"
	tokenInvalid     code = "General.TokenInvalid"
	unauthorized     code = "General.Unauthorized"
	userRepeat       code = "General.UserRepeat"
	emailRepeat      code = "General.EmailRepeat"
	mobileUsed       code = "General.MobileHasBeenUsed"
	parameterRepeat  code = "General.ParameterRepeat"
	verifyError      code = "Account.VerifyError"
	verifyCodeError  code = "Account.VerifyCodeError"
	overSMSLimits    code = "Account.OverGlobalSmsSendLimits"
)

var codes = map[app.Kind]code{
	app.Internal:           serverError,
	app.Invalid:            parameterInvalid,
	app.BadCredentials:     verifyError,
	app.TokenMissing:       parameterInvalid,
	app.TokenInvalid:       tokenInvalid,
	app.TokenExpired:       tokenExpired,
	app.UserTaken:          userRepeat,
	app.EmailTaken:         emailRepeat,
	app.MobileTaken:        mobileUsed,
	app.Unchanged:          parameterRepeat,
	app.CodeWrong:          verifyCodeError,
	app.TooOften:           failure,
	app.SMSLimit:           overSMSLimits,
	app.LastOwner:          failure,
	app.NotFound:           failure,
	app.LastAdministrator:  failure,
	app.Forbidden:          unauthorized,
	app.InviteWrong:        verifyCodeError,
	app.Busy:               failure,
	app.DirectoryFailed:    giteaError,
	app.RepositoryTaken:    parameterRepeat,
	app.StorageFailed:      rpcError,
	app.MailFailed:         rpcError,
	app.SMSFailed:          rpcError,
	app.PictureFailed:      rpcError,
	app.HumanCheckRequired: failure,
}

// codesAt are the codes of the endpoints whose table has one of its own for a
// kind.
var codesAt = map[string]map[app.Kind]code{
	userPath("editUserMobile"): {app.TokenMissing: unauthorized},
}

// codeOf is the code of a failed request to that path. What is told by HTTP
// status has no code of its own.
func codeOf(path string, err error) code {
	if api.Status(err) != http.StatusOK {
		return failure
	}
	kind := app.KindOf(err)
	if own, ok := codesAt[path][kind]; ok {
		return own
	}
	return codes[kind]
}
