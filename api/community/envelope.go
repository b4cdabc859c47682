package community

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/saga"
)

// envelope is every answer. Data is null where there is nothing to say.
type envelope struct {
	Code code   `json:"code"`
	Data any    `json:"data"`
	Msg  string `json:"msg"`
}

// done answers a change that has nothing to say: err, or success.
func done(c echo.Context, receipt saga.Receipt, err error) error {
	api.SetReceipt(c, receipt)
	if err := api.Outcome(receipt, err); err != nil {
		return err
	}
	return succeed(c, nil)
}

func succeed(c echo.Context, data any) error {
	return c.JSON(http.StatusOK, envelope{Code: success, Data: data, Msg: "ok"})
}

func writeError(c echo.Context, err error) error {
	return c.JSON(api.Status(err), envelope{Code: codeOf(err), Msg: explanation(err).In(api.Language(c))})
}
