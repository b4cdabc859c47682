package portal

import (
	"accord/api"
	"accord/api/body"
	"accord/app"
)

// Field order in the DTOs is the document's.

type codeRequest struct {
	Email body.Value `json:"email" validate:"notBlank,text,length=255,field=email"`
}

type registerRequest struct {
	Username   body.Value `json:"username" validate:"notBlank,text,length=255,field=username"`
	Email      body.Value `json:"email" validate:"notBlank,text,length=255,field=email"`
	Code       body.Value `json:"code" validate:"notBlank,text,field=code"`
	RePassword body.Value `json:"repassword" validate:"text,length=32"`
	Password   body.Value `json:"password" validate:"notBlank,text,length=32,field=password"`
}

type loginRequest struct {
	Username body.Value `json:"username" validate:"notBlank,text,length=255,printable"`
	// RePassword is in the document's example and of no account.
	RePassword body.Value `json:"repassword"`
	Password   body.Value `json:"password" validate:"notBlank,text,length=32,printable"`
}

type verifyRequest struct {
	Email body.Value `json:"email" validate:"notBlank,text,length=255,field=email"`
	Code  body.Value `json:"code" validate:"notBlank,text,field=code"`
}

type modifyRequest struct {
	Username   body.Value `json:"username" validate:"text,length=255,printable"`
	RePassword body.Value `json:"repassword" validate:"text,length=32"`
	Password   body.Value `json:"password" validate:"notBlank,text,length=32,field=password"`
}

// verifyOrModifyRequest is either of the two that the document has at one path.
type verifyOrModifyRequest struct {
	Email      body.Value `json:"email"`
	Code       body.Value `json:"code"`
	Username   body.Value `json:"username"`
	RePassword body.Value `json:"repassword"`
	Password   body.Value `json:"password"`
}

// modifies reports whether the body sets a password. The other call has none, or
// an empty one where the page sends its whole form.
func (r verifyOrModifyRequest) modifies() bool {
	empty := func(v body.Value) bool { return v.Sent == nil || v.Sent == "" }
	if !empty(r.Password) || !empty(r.RePassword) {
		return true
	}
	sent := r.Password.Sent != nil || r.RePassword.Sent != nil
	return sent && empty(r.Email) && empty(r.Code)
}

type tokenAnswer struct {
	Token string `json:"token"`
}

// signedInAnswer begins with the document's field; a client of the document
// alone reads no further.
type signedInAnswer struct {
	Token string `json:"token"`
	api.SystemsAnswer
}

func newSignedInAnswer(in app.SignedIn) signedInAnswer {
	return signedInAnswer{in.AccessToken.Reveal(), api.NewSystemsAnswer(in)}
}

type captchaAnswer struct {
	// Base64 is a data URL that an img element shows as it is.
	Base64    string `json:"base64"`
	CaptchaID string `json:"captchaId"`
}
