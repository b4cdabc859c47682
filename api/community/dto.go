package community

import (
	"accord/api"
	"accord/api/body"
	"accord/app"
)

// Field order in the DTOs is the document's.

type solutionRequest struct {
	CaptchaID body.Value `json:"captchaId" validate:"notBlank,text,length=64,printable"`
	// X is how far the piece was moved, in pixels: a number, or a text of one.
	X body.Value `json:"x" validate:"notBlank"`
	// Email, if it is given, is the one address, or user name, that the check is
	// good for.
	Email body.Value `json:"email" validate:"text,length=255,printable"`
}

type codeRequest struct {
	Email body.Value `json:"email" validate:"notBlank,text,length=255,field=email"`
}

type registerRequest struct {
	Email    body.Value `json:"email" validate:"notBlank,text,length=255,field=email"`
	Password body.Value `json:"password" validate:"notBlank,text,length=32,field=password"`
	Code     body.Value `json:"code" validate:"notBlank,text,field=code"`
}

type loginRequest struct {
	Email    body.Value `json:"email" validate:"notBlank,text,length=255,printable"`
	Password body.Value `json:"password" validate:"notBlank,text,length=32,printable"`
}

type loginByCodeRequest struct {
	Email body.Value `json:"email" validate:"notBlank,text,length=255,printable"`
	Code  body.Value `json:"code" validate:"notBlank,text,field=code"`
}

type passwordRequest struct {
	Email    body.Value `json:"email" validate:"notBlank,text,length=255,field=email"`
	Password body.Value `json:"password" validate:"notBlank,text,length=32,field=password"`
	Code     body.Value `json:"code" validate:"notBlank,text,field=code"`
}

type profileRequest struct {
	// Avatar must be there, and is empty where there is none.
	Avatar   body.Value `json:"avatar" validate:"present,text"`
	Name     body.Value `json:"name" validate:"notBlank,text"`
	Birthday body.Value `json:"birthday" validate:"text,field=birthday"`
	Gender   body.Value `json:"gender" validate:"integer"`
	Sign     body.Value `json:"sign" validate:"text"`
}

type coverRequest struct {
	Cover body.Value `json:"spacecover" validate:"notBlank,text"`
}

type modifyRequest struct {
	ID    body.Value `json:"id" validate:"notBlank,integer"`
	Name  body.Value `json:"name" validate:"notBlank,text"`
	Email body.Value `json:"email" validate:"present,text,length=255,printable"`
	Sign  body.Value `json:"sign" validate:"text"`
}

type roleRequest struct {
	ID   body.Value `json:"id" validate:"notBlank,integer"`
	Role body.Value `json:"role" validate:"notBlank,integer"`
}

type removeRequest struct {
	ID body.Value `json:"id" validate:"notBlank,integer"`
}

// signedInAnswer begins with the document's fields; a client of the document
// alone reads no further. The pair is left out where it is not turned on.
type signedInAnswer struct {
	AccessToken  string `json:"access_token,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Token        string `json:"token"`
	api.SystemsAnswer
}

type tokenAnswer struct {
	Token string `json:"token"`
}

type captchaAnswer struct {
	CaptchaID string `json:"captchaId"`
	// Background and Piece are data URLs, which an img element shows as they are.
	Background string `json:"bg_img"`
	Piece      string `json:"slider_img"`
	// Y is where the piece's upper edge is, Size the length of its edges, Width
	// and Height the picture's, all in pixels.
	Y      int `json:"y"`
	Size   int `json:"size"`
	Width  int `json:"width"`
	Height int `json:"height"`
}

type idAnswer struct {
	UID int64 `json:"uid"`
}

type publicAnswer struct {
	User publicUser `json:"user"`
}

type publicUser struct {
	UID    int64      `json:"uid"`
	Name   string     `json:"name"`
	Sign   string     `json:"sign"`
	Avatar string     `json:"avatar"`
	Cover  string     `json:"spacecover"`
	Gender app.Gender `json:"gender"`
}

type ownAnswer struct {
	User user `json:"user_info"`
}

type listAnswer struct {
	Total int    `json:"total"`
	Users []user `json:"users"`
}

type user struct {
	UID       int64      `json:"uid"`
	Name      string     `json:"name"`
	Sign      string     `json:"sign"`
	Email     string     `json:"email"`
	Avatar    string     `json:"avatar"`
	Cover     string     `json:"spacecover"`
	Gender    app.Gender `json:"gender"`
	Role      int        `json:"role"`
	Birthday  string     `json:"birthday"`
	CreatedAt string     `json:"created_at"`
	// Username is not in the document: it finds the user among all of one name.
	Username string `json:"username"`
}
