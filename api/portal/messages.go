package portal

import (
	"errors"

	"accord/api"
	"accord/app"
)

// What each endpoint says of its success.
var (
	codeSent     = api.Phrase{ZH: "发送邮箱验证码成功", EN: "The verification code was sent"}
	registered   = api.Phrase{ZH: "注册成功", EN: "Registered"}
	mustSignIn   = api.Phrase{ZH: "注册成功，请登录", EN: "Registered; sign in now"}
	captchaMade  = api.Phrase{ZH: "获取图片验证码成功", EN: "Here is a captcha"}
	captchaRight = api.Phrase{ZH: "验证图片验证码成功", EN: "The captcha is solved"}
	signedIn     = api.Phrase{ZH: "登录成功", EN: "Signed in"}
	verified     = api.Phrase{ZH: "验证成功", EN: "Verified"}
	modified     = api.Phrase{ZH: "修改成功", EN: "Changed"}
	signInAgain  = api.Phrase{ZH: "修改成功，请登录", EN: "Changed; sign in now"}
)

// failures are what each endpoint says where nothing more is known.
var failures = map[string]api.Phrase{
	"/api/v1/sendEmailCode":  {ZH: "发送邮箱验证码失败", EN: "The verification code was not sent"},
	registerPath:             {ZH: "注册失败", EN: "The registration failed"},
	"/api/v1/login":          {ZH: "登录失败", EN: "The sign-in failed"},
	"/api/v1/capacha/get":    {ZH: "获取图片验证码失败", EN: "There is no captcha just now"},
	"/api/v1/captcha/get":    {ZH: "获取图片验证码失败", EN: "There is no captcha just now"},
	"/api/v1/capacha/verify": {ZH: "验证图片验证码失败", EN: "The captcha is not solved"},
	"/api/v1/captcha/verify": {ZH: "验证图片验证码失败", EN: "The captcha is not solved"},
	verifyPath:               {ZH: "验证失败", EN: "The verification failed"},
	modifyPath:               {ZH: "修改失败", EN: "The change failed"},
}

// anyFailure is said of paths that are nobody's.
var anyFailure = api.Phrase{ZH: "失败", EN: "It failed"}

var phrases = map[code]api.Phrase{
	parameterInvalid: {ZH: "请求参数错误", EN: "Invalid parameters"},
	emailTaken:       {ZH: "该邮箱已被注册", EN: "The e-mail address is already in use"},
	userTaken:        {ZH: "该用户已存在", EN: "The user name is already taken"},
	credentialsWrong: {ZH: "用户名或密码错误", EN: "Wrong user name or password"},
	emailUnknown:     {ZH: "该邮箱不存在", EN: "There is no such e-mail address"},
	tokenInvalid:     {ZH: "无效token", EN: "The token is not valid"},
	tokenExpired:     {ZH: "Token已过期", EN: "The token has expired"},
}

// wrongCodes are said of verification codes, where one is asked for; a captcha
// has its own failure.
var wrongCodes = map[string]api.Phrase{
	registerPath: {ZH: "验证码错误，请重新输入", EN: "The verification code is wrong; enter it again"},
	verifyPath:   {ZH: "验证码不正确，请重新输入", EN: "The verification code is not right; enter it again"},
}

// oldCode is told to whoever has the code itself.
var oldCode = api.Phrase{ZH: "验证码已过期，请重新获取", EN: "The verification code has expired; ask for another"}

// spentCode is said to a client that tried too many codes.
var spentCode = api.Phrase{ZH: "验证码错误次数过多，请重新获取", EN: "Too many wrong codes; ask for another"}

// otherUser is said of a user name at a reset that is not that of the account.
var otherUser = api.Phrase{
	ZH: "用户名与该邮箱的账号不符，请核对或留空", EN: "The account of the e-mail address has another user name; correct it or leave it empty",
}

// reasons are the messages of kinds whose code says too little.
var reasons = map[app.Kind]api.Phrase{
	app.TooOften: {ZH: "操作过于频繁，请稍后再试", EN: "Too many requests; try again later"},
	app.Busy:     {ZH: "服务器繁忙，请稍后再试", EN: "The server is busy; try again later"},
}

// barred tells whoever gave the right password or code why it is not enough.
var barred = map[app.Status]api.Phrase{
	app.Paused:  {ZH: "账户已暂停使用", EN: "The account is paused"},
	app.Locked:  {ZH: "账户已锁定", EN: "The account is locked"},
	app.Stopped: {ZH: "账户已停用", EN: "The account has been stopped"},
}

// differing is said of two passwords.
var differing = api.Phrase{ZH: "两次输入的密码不一致", EN: "The two passwords differ"}

// explanation is the message that says most about a failure.
func explanation(path string, code code, err error) api.Phrase {
	if why, ok := api.Reason(err); ok {
		return why
	}
	var e *app.Error
	var notAllowed *app.NotAllowed
	switch {
	case errors.As(err, &notAllowed) && barred[notAllowed.Status] != api.Phrase{}:
		return barred[notAllowed.Status]
	case code == parameterInvalid && errors.As(err, &e) && len(e.Violations) > 0:
		return complaintAt(path, e.Violations[0])
	case code != failure:
		return phrases[code]
	}
	if why, ok := reasons[app.KindOf(err)]; ok {
		return why
	}
	if why, ok := wrongCode(path, err); ok {
		return why
	}
	if why, ok := failures[path]; ok {
		return why
	}
	return anyFailure
}

// wrongCode is what is wrong with a verification code, if one is.
func wrongCode(path string, err error) (why api.Phrase, known bool) {
	switch {
	case errors.Is(err, app.ErrCodeExpired):
		return oldCode, true
	case errors.Is(err, app.ErrCodeTries):
		return spentCode, true
	case app.KindOf(err) == app.CodeWrong:
		why, known = wrongCodes[path]
	}
	return why, known
}

// complaintAt is complaint, but where a password is set by the token of a code.
func complaintAt(path string, v app.Violation) api.Phrase {
	if resets(path) && v == (app.Violation{Field: "username", Rule: app.Pattern}) {
		return otherUser
	}
	return complaint(v)
}

// resets reports whether a password is set at the path by the token of a code.
func resets(path string) bool { return path == verifyPath || path == modifyPath }

// complaint names the rule that was broken, after the document's word for wrong
// parameters where the field has no rule of its own.
func complaint(v app.Violation) api.Phrase {
	if v.Field == "repassword" && v.Rule == app.Pattern {
		return differing
	}
	rule, wrong := api.FieldMessage(v, v.Field), phrases[parameterInvalid]
	if _, ofField := api.FieldRule(v); ofField {
		return rule
	}
	return api.Phrase{ZH: wrong.ZH + "：" + rule.ZH, EN: wrong.EN + ": " + rule.EN}
}
