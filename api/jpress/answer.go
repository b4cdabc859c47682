package jpress

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/app"
)

type doneAnswer struct {
	State string `json:"state"`
}

// failAnswer says why beside the document's state.
type failAnswer struct {
	State   string `json:"state"`
	Message string `json:"message"`
}

type createdAnswer struct {
	State  string `json:"state"`
	UserID int64  `json:"userId"`
}

// signedInAnswer has the document's fields first. UserID is what the other
// requests ask for, and the document's sign-in does not say.
type signedInAnswer struct {
	Jwt    string `json:"Jwt"`
	State  string `json:"state"`
	UserID int64  `json:"userId"`
	api.SystemsAnswer
}

func newSignedInAnswer(in app.SignedIn) signedInAnswer {
	return signedInAnswer{in.AccessToken.Reveal(), ok, idOf(in.Account), api.NewSystemsAnswer(in)}
}

type detailAnswer struct {
	State string `json:"state"`
	User  user   `json:"user"`
}

func succeed(c echo.Context, answer any) error { return c.JSON(http.StatusOK, answer) }

func writeError(c echo.Context, err error) error {
	return c.JSON(api.Status(err), failAnswer{State: fail, Message: explanation(err, api.Language(c))})
}
