package oauth

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"accord/app"
)

// endpoint answers introspections.
type endpoint struct {
	Options
	held heldUp
}

// active is what a good token is answered with (RFC 7662, 2.2). Times are in
// seconds since 1970.
type active struct {
	Active    bool   `json:"active"`
	TokenType string `json:"token_type"`
	Issuer    string `json:"iss"`
	Subject   string `json:"sub"`
	SessionID string `json:"sid"`
	Username  string `json:"username"`
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
}

type inactive struct {
	Active bool `json:"active"`
}

// introspect says of a token that is not good no more than that.
func (e *endpoint) introspect(c echo.Context) error {
	if err := e.authenticate(c); err != nil {
		return err
	}
	token, err := tokenOf(c)
	if err != nil {
		return err
	}
	claims, account, ok, err := e.Service.Introspect(c.Request().Context(), token)
	switch {
	case err != nil:
		return err
	case !ok:
		return c.JSON(http.StatusOK, inactive{})
	}
	return c.JSON(http.StatusOK, active{
		Active: true, TokenType: "Bearer", Issuer: e.Issuer,
		Subject: strconv.FormatInt(claims.UserID, 10), SessionID: claims.SessionID, Username: account.Username,
		IssuedAt: claims.IssuedAt.Unix(), ExpiresAt: claims.ExpiresAt.Unix(),
	})
}

// tokenOf is the token in the body; one in the query would end up in logs.
func tokenOf(c echo.Context) (app.Secret, error) {
	request := c.Request()
	var limit *echo.HTTPError
	if err := request.ParseForm(); errors.As(err, &limit) {
		return "", err
	} else if err != nil { // it quotes the body
		return "", refused(app.Invalid)
	}
	tokens := request.PostForm["token"]
	if len(tokens) != 1 || tokens[0] == "" {
		return "", refused(app.Invalid)
	}
	return app.Secret(tokens[0]), nil
}
