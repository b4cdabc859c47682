package portal

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"accord/api"
)

// envelope is every answer. Data is an empty text where there is nothing to
// say, and Total is zero: no list is answered.
type envelope struct {
	Code  code   `json:"code"`
	Msg   string `json:"msg"`
	Data  any    `json:"data"`
	Total int    `json:"total"`
}

func succeed(c echo.Context, said api.Phrase, data any) error {
	return c.JSON(http.StatusOK, envelope{Code: success, Msg: said.In(api.Language(c)), Data: data})
}

func writeError(c echo.Context, err error) error {
	code := codeOf(c.Path(), err)
	return c.JSON(api.Status(err), envelope{Code: code, Msg: explanation(c.Path(), code, err).In(api.Language(c)), Data: ""})
}
