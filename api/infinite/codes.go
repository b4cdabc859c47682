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
	userRepeat       code = "General.UserRepeat"
	emailRepeat      code = "General.EmailRepeat"
	verifyError      code = "Account.VerifyError"
)

var codes = map[app.Kind]code{
	app.Internal:        serverError,
	app.Invalid:         parameterInvalid,
	app.BadCredentials:  verifyError,
	app.TokenMissing:    parameterInvalid,
	app.TokenInvalid:    tokenInvalid,
	app.TokenExpired:    tokenExpired,
	app.UserTaken:       userRepeat,
	app.EmailTaken:      emailRepeat,
	app.NotFound:        failure,
	app.Busy:            failure,
	app.DirectoryFailed: giteaError,
	app.StorageFailed:   rpcError,
	app.MailFailed:      rpcError,
	app.SMSFailed:       rpcError,
	app.PictureFailed:   rpcError,
}

// codeOf is the code of a failed request. What is told by HTTP status has no
// code of its own.
func codeOf(err error) code {
	if api.Status(err) != http.StatusOK {
		return failure
	}
	return codes[app.KindOf(err)]
}
