package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// Reason returns in both languages why a request was not understood: its path, method,
// type or size was wrong, or its body could not be read. It reports false for other
// errors.
func Reason(err error) (Phrase, bool) {
	var reasoned interface{ Why() Phrase }
	if errors.As(err, &reasoned) {
		return reasoned.Why(), true
	}
	return Phrase{}, false
}

// explained is a failure that HTTP has a status for, with its reason.
type explained struct {
	error
	why Phrase
}

func (e *explained) Unwrap() error { return e.error }

// Why returns the reason; see Reason.
func (e *explained) Why() Phrase { return e.why }

// explain adds its reason to a failure of HTTP, and leaves others alone.
func (s *server) explain(c echo.Context, err error) error {
	var failed *echo.HTTPError
	if _, has := Reason(err); has || !errors.As(err, &failed) {
		return err
	}
	var why Phrase
	switch failed.Code {
	case http.StatusNotFound:
		why = Phrase{ZH: "接口不存在", EN: "There is no such path"}
	case http.StatusMethodNotAllowed:
		methods := allowedMethods(c)
		why = Phrase{ZH: "该接口只支持" + methods, EN: "The path takes " + methods}
	case http.StatusRequestEntityTooLarge:
		limit := inWords(s.table.limit(c, s.bodyLimit))
		why = Phrase{ZH: "请求体超过上限" + limit, EN: "The body is larger than " + limit}
	case http.StatusUnsupportedMediaType:
		types := strings.Join(s.table.mediaTypes(c), ", ")
		why = Phrase{ZH: "该接口只接受" + types, EN: "The path takes a body of " + types}
	case http.StatusRequestHeaderFieldsTooLarge:
		limit := inWords(headerLimit)
		why = Phrase{ZH: "请求头超过上限" + limit, EN: "The headers are larger than " + limit}
	default:
		return err
	}
	return &explained{err, why}
}

// allowedMethods are those of the request's path, but for the browsers' OPTIONS.
func allowedMethods(c echo.Context) string {
	allowed, _ := c.Get(echo.ContextKeyHeaderAllow).(string)
	return strings.TrimPrefix(allowed, http.MethodOptions+", ")
}

// inWords is a size in the unit that leaves no fraction.
func inWords(size int64) string {
	for _, unit := range []string{"B", "KiB"} {
		if size%1024 != 0 {
			return fmt.Sprintf("%d %s", size, unit)
		}
		size /= 1024
	}
	return fmt.Sprintf("%d MiB", size)
}
