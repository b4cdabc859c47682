package session

import (
	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

type repositoryRequest struct {
	Name     body.Value `json:"name" validate:"notBlank,text,length=100,repositoryName"`
	Private  body.Value `json:"private" validate:"boolean"`
	AutoInit body.Value `json:"autoInit" validate:"boolean"`
}

type repositoryAnswer struct {
	Name     string `json:"name"`
	FullName string `json:"fullName"`
	Private  bool   `json:"private"`
	CloneURL string `json:"cloneUrl"`
	PageURL  string `json:"htmlUrl"`
}

// createRepository makes a repository of the user's own. It is private unless the
// request says otherwise, as one is that a push creates.
func (e *endpoints) createRepository(c echo.Context) error {
	who, err := e.Service.Authenticate(c.Request().Context(), api.Token(c))
	if err != nil {
		return err
	}
	in, err := body.Decode[repositoryRequest](c, e.validate)
	if err != nil {
		return err
	}
	made, err := e.Service.CreateRepository(c.Request().Context(), who, app.NewRepository{
		Name: in.Name.Text(), Private: in.Private.Sent != false, AutoInit: in.AutoInit.Sent == true,
	})
	if err != nil {
		return err
	}
	return e.Envelope.Succeed(c, repositoryAnswer{
		Name: made.Name, FullName: made.FullName, Private: made.Private, CloneURL: made.CloneURL, PageURL: made.PageURL,
	})
}
