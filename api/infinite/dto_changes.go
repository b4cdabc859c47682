package infinite

type mailCodeRequest struct {
	Email value `json:"email" validate:"notBlank,text,length=255,printable,emailAddress"`
}

type smsCodeRequest struct {
	InternationalCode value `json:"internationalCode" validate:"notBlank,text,length=16,printable"`
	Mobile            value `json:"mobile" validate:"notBlank,text,length=16,printable"`
}

type editRequest struct {
	Nickname    value `json:"nickname" validate:"notBlank,text,length=255,printable"`
	AvatarURL   value `json:"avatarUrl" validate:"notBlank,text,length=255,printable"`
	Description value `json:"description" validate:"present,text,length=50,printable"`
	Website     value `json:"website" validate:"present,text,length=50,printable,website"`
	Location    value `json:"location" validate:"present,text,length=50,printable"`
}

type resetRequest struct {
	Email      value `json:"email" validate:"notBlank,text,length=255,printable,emailAddress"`
	Password   value `json:"password" validate:"notBlank,text,length=32,printable,password"`
	VerifyCode value `json:"verifyCode" validate:"notBlank,text,length=16,printable"`
}

type emailRequest struct {
	Password   value `json:"password" validate:"notBlank,text,length=32,printable"`
	OriEmail   value `json:"oriEmail" validate:"notBlank,text,length=255,printable"`
	Email      value `json:"email" validate:"notBlank,text,length=255,printable,emailAddress"`
	VerifyCode value `json:"verifyCode" validate:"notBlank,text,length=16,printable"`
}

type passwordRequest struct {
	OriPassword value `json:"oriPassword" validate:"notBlank,text,length=32,printable"`
	Password    value `json:"password" validate:"notBlank,text,length=32,printable,password"`
}

type deleteRequest struct {
	Password value `json:"password" validate:"notBlank,text,length=32,printable"`
}

type mobileRequest struct {
	Mobile    value `json:"mobile" validate:"notBlank,text,length=16,printable"`
	OriMobile value `json:"oriMobile" validate:"text,length=16,printable"`
	SMSCode   value `json:"smsCode" validate:"notBlank,text,length=16,printable"`
	Password  value `json:"password" validate:"notBlank,text,length=32,printable"`
	// InternationalCode is not in the document; platforms with several countries
	// need it. Without it the number is of the first one.
	InternationalCode value `json:"internationalCode" validate:"text,length=16,printable"`
}
