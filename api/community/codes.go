package community

import (
	"net/http"

	"accord/api"
	"accord/app"
)

// code is the business code of an answer: the document's two, and beside them
// HTTP's numbers, with two that HTTP has not given out.
type code int

const (
	success          code = 200
	humanCheck       code = -1
	parameterInvalid code = 400
	unauthorized     code = 401
	forbidden        code = 403
	notFound         code = 404
	taken            code = 409
	limited          code = 429
	credentialsWrong code = 460
	codeWrong        code = 461
	serverError      code = 500
	remoteError      code = 502
)

var codes = map[app.Kind]code{
	app.Internal:           serverError,
	app.Invalid:            parameterInvalid,
	app.BadCredentials:     credentialsWrong,
	app.TokenMissing:       unauthorized,
	app.TokenInvalid:       unauthorized,
	app.TokenExpired:       unauthorized,
	app.UserTaken:          taken,
	app.EmailTaken:         taken,
	app.MobileTaken:        taken,
	app.Unchanged:          parameterInvalid,
	app.CodeWrong:          codeWrong,
	app.InviteWrong:        codeWrong,
	app.TooOften:           limited,
	app.SMSLimit:           limited,
	app.Busy:               limited,
	app.LastOwner:          forbidden,
	app.LastAdministrator:  forbidden,
	app.Forbidden:          forbidden,
	app.NotFound:           notFound,
	app.DirectoryFailed:    remoteError,
	app.RepositoryTaken:    taken,
	app.StorageFailed:      remoteError,
	app.MailFailed:         remoteError,
	app.SMSFailed:          remoteError,
	app.PictureFailed:      remoteError,
	app.HumanCheckRequired: humanCheck,
}

// codeOf is the code of a failure. What is told by HTTP status has that as its
// code.
func codeOf(err error) code {
	if status := api.Status(err); status != http.StatusOK {
		return code(status)
	}
	return codes[app.KindOf(err)]
}
