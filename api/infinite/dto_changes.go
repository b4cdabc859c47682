package infinite

import "accord/api/body"

type mailCodeRequest struct {
	Email body.Value `json:"email" validate:"notBlank,text,length=255,printable,emailAddress"`
}

type smsCodeRequest struct {
	InternationalCode body.Value `json:"internationalCode" validate:"notBlank,text,length=16,printable"`
	Mobile            body.Value `json:"mobile" validate:"notBlank,text,length=16,printable"`
}

type editRequest struct {
	Nickname    body.Value `json:"nickname" validate:"notBlank,text,length=255,printable"`
	AvatarURL   body.Value `json:"avatarUrl" validate:"notBlank,text,length=255,printable"`
	Description body.Value `json:"description" validate:"present,text,length=50,printable"`
	Website     body.Value `json:"website" validate:"present,text,length=50,printable,website"`
	Location    body.Value `json:"location" validate:"present,text,length=50,printable"`
}

type resetRequest struct {
	Email      body.Value `json:"email" validate:"notBlank,text,length=255,printable,emailAddress"`
	Password   body.Value `json:"password" validate:"notBlank,text,length=32,printable,password"`
	VerifyCode body.Value `json:"verifyCode" validate:"notBlank,text,length=16,printable"`
}

type emailRequest struct {
	Password   body.Value `json:"password" validate:"notBlank,text,length=32,printable"`
	OriEmail   body.Value `json:"oriEmail" validate:"notBlank,text,length=255,printable"`
	Email      body.Value `json:"email" validate:"notBlank,text,length=255,printable,emailAddress"`
	VerifyCode body.Value `json:"verifyCode" validate:"notBlank,text,length=16,printable"`
}

type passwordRequest struct {
	OriPassword body.Value `json:"oriPassword" validate:"notBlank,text,length=32,printable"`
	Password    body.Value `json:"password" validate:"notBlank,text,length=32,printable,password"`
}

type deleteRequest struct {
	Password body.Value `json:"password" validate:"notBlank,text,length=32,printable"`
}

type mobileRequest struct {
	Mobile    body.Value `json:"mobile" validate:"notBlank,text,length=16,printable"`
	OriMobile body.Value `json:"oriMobile" validate:"text,length=16,printable"`
	SMSCode   body.Value `json:"smsCode" validate:"notBlank,text,length=16,printable"`
	Password  body.Value `json:"password" validate:"notBlank,text,length=32,printable"`
	// InternationalCode is not in the document; platforms with several countries
	// need it. Without it the number is of the first one.
	InternationalCode body.Value `json:"internationalCode" validate:"text,length=16,printable"`
}
