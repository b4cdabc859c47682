package registry

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"accord/app"
)

// statuses are the HTTP statuses of failures.
var statuses = map[app.Kind]int{
	app.Internal:           http.StatusInternalServerError,
	app.Invalid:            http.StatusBadRequest,
	app.BadCredentials:     http.StatusUnauthorized,
	app.TokenMissing:       http.StatusUnauthorized,
	app.TokenInvalid:       http.StatusUnauthorized,
	app.TokenExpired:       http.StatusUnauthorized,
	app.UserTaken:          http.StatusConflict,
	app.EmailTaken:         http.StatusConflict,
	app.MobileTaken:        http.StatusConflict,
	app.Unchanged:          http.StatusConflict,
	app.CodeWrong:          http.StatusBadRequest,
	app.TooOften:           http.StatusTooManyRequests,
	app.SMSLimit:           http.StatusTooManyRequests,
	app.LastOwner:          http.StatusConflict,
	app.LastAdministrator:  http.StatusConflict,
	app.Forbidden:          http.StatusForbidden,
	app.InviteWrong:        http.StatusBadRequest,
	app.NotFound:           http.StatusNotFound,
	app.Busy:               http.StatusTooManyRequests,
	app.DirectoryFailed:    http.StatusBadGateway,
	app.RepositoryTaken:    http.StatusConflict,
	app.StorageFailed:      http.StatusBadGateway,
	app.MailFailed:         http.StatusBadGateway,
	app.SMSFailed:          http.StatusBadGateway,
	app.PictureFailed:      http.StatusBadGateway,
	app.HumanCheckRequired: http.StatusForbidden,
}

// statusOf is the HTTP status of a failed request.
func statusOf(err error) int {
	var refused *echo.HTTPError
	if errors.As(err, &refused) {
		return refused.Code
	}
	return statuses[app.KindOf(err)]
}
