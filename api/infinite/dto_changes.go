package infinite

import "accord/api/body"

type mailCodeRequest struct {
	Email body.Value `json:"email" validate:"notBlank,text,length=255,field=email"`
}

type smsCodeRequest struct {
	InternationalCode body.Value `json:"internationalCode" validate:"notBlank,text,length=32,printable"`
	Mobile            body.Value `json:"mobile" validate:"notBlank,text,length=32,printable"`
}

type editRequest struct {
	Nickname    body.Value `json:"nickname" validate:"notBlank,text"`
	AvatarURL   body.Value `json:"avatarUrl" validate:"notBlank,text"`
	Description body.Value `json:"description" validate:"present,text"`
	Website     body.Value `json:"website" validate:"present,text"`
	Location    body.Value `json:"location" validate:"present,text"`
}

type resetRequest struct {
	Email      body.Value `json:"email" validate:"notBlank,text,length=255,field=email"`
	Password   body.Value `json:"password" validate:"notBlank,text,length=32,field=password"`
	VerifyCode body.Value `json:"verifyCode" validate:"notBlank,text,field=code"`
}

type emailRequest struct {
	Password   body.Value `json:"password" validate:"notBlank,text,length=32,printable"`
	OriEmail   body.Value `json:"oriEmail" validate:"notBlank,text,length=255,printable"`
	Email      body.Value `json:"email" validate:"notBlank,text,length=255,field=email"`
	VerifyCode body.Value `json:"verifyCode" validate:"notBlank,text,field=code"`
}

type passwordRequest struct {
	OriPassword body.Value `json:"oriPassword" validate:"notBlank,text,length=32,printable"`
	Password    body.Value `json:"password" validate:"notBlank,text,length=32,field=password"`
}

type deleteRequest struct {
	Password body.Value `json:"password" validate:"notBlank,text,length=32,printable"`
}

type mobileRequest struct {
	Mobile    body.Value `json:"mobile" validate:"notBlank,text,length=32,printable"`
	OriMobile body.Value `json:"oriMobile" validate:"text,length=32,printable"`
	SMSCode   body.Value `json:"smsCode" validate:"notBlank,text,field=code"`
	Password  body.Value `json:"password" validate:"notBlank,text,length=32,printable"`
	// InternationalCode is not in the document; platforms with several countries
	// need it. Without it the number is of the first one.
	InternationalCode body.Value `json:"internationalCode" validate:"text,length=32,printable"`
}
