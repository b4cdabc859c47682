package portal

import (
	"net/http"

	"accord/api"
	"accord/app"
)

// code is the business code of an answer.
type code int

const (
	success          code = 1000
	failure          code = 1001
	parameterInvalid code = 1002
	emailTaken       code = 1003
	userTaken        code = 1004
	credentialsWrong code = 1005
	emailUnknown     code = 1006
	tokenInvalid     code = 1007
	tokenExpired     code = 1008
)

var codes = map[app.Kind]code{
	app.Internal:           failure,
	app.Invalid:            parameterInvalid,
	app.BadCredentials:     credentialsWrong,
	app.TokenMissing:       tokenInvalid,
	app.TokenInvalid:       tokenInvalid,
	app.TokenExpired:       tokenExpired,
	app.UserTaken:          userTaken,
	app.EmailTaken:         emailTaken,
	app.MobileTaken:        failure,
	app.Unchanged:          failure,
	app.CodeWrong:          failure,
	app.TooOften:           failure,
	app.SMSLimit:           failure,
	app.LastOwner:          failure,
	app.NotFound:           failure,
	app.Busy:               failure,
	app.DirectoryFailed:    failure,
	app.RepositoryTaken:    failure,
	app.StorageFailed:      failure,
	app.MailFailed:         failure,
	app.SMSFailed:          failure,
	app.PictureFailed:      failure,
	app.HumanCheckRequired: failure,
	app.Forbidden:          failure,
	app.LastAdministrator:  failure,
	app.InviteWrong:        failure,
}

// codesAt are the codes of the endpoints whose table has one of its own for a
// kind.
var codesAt = map[string]map[app.Kind]code{
	verifyPath: {app.NotFound: emailUnknown, app.BadCredentials: failure},
	modifyPath: {app.BadCredentials: failure},
}

const (
	registerPath = "/api/v1/register"
	verifyPath   = "/api/v1/forgetPassword/verifyEmailCode"
	modifyPath   = "/api/v1/forgetPassword/modify"
)

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
