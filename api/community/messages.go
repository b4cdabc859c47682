package community

import (
	"errors"
	"net/http"

	"accord/api"
	"accord/app"
)

var messages = map[app.Kind]api.Phrase{
	app.Internal:           {ZH: "服务器异常", EN: "Internal server error"},
	app.Invalid:            {ZH: "请求参数有误", EN: "Invalid parameters"},
	app.BadCredentials:     {ZH: "账号或密码错误", EN: "Wrong account or password"},
	app.TokenMissing:       {ZH: "请先登录", EN: "Sign in first"},
	app.TokenInvalid:       {ZH: "token无效，请重新登录", EN: "The token is not valid; sign in again"},
	app.TokenExpired:       {ZH: "token已过期", EN: "The token has expired"},
	app.UserTaken:          {ZH: "用户名已存在", EN: "The user name is already taken"},
	app.EmailTaken:         {ZH: "邮箱已存在", EN: "The e-mail address is already in use"},
	app.MobileTaken:        {ZH: "手机号已存在", EN: "The number is already in use"},
	app.Unchanged:          {ZH: "内容没有变化", EN: "That is what it is already"},
	app.CodeWrong:          {ZH: "验证失败，验证码错误或已失效", EN: "The verification failed: it is wrong or has expired"},
	app.InviteWrong:        {ZH: "邀请码无效", EN: "The invitation code is not valid"},
	app.TooOften:           {ZH: "操作过于频繁，请稍后再试", EN: "Too many requests; try again later"},
	app.SMSLimit:           {ZH: "短信发送已达上限", EN: "The platform's limit of short messages is used up"},
	app.Busy:               {ZH: "服务器繁忙，请稍后再试", EN: "The server is busy; try again later"},
	app.LastOwner:          {ZH: "该用户是某个组织的唯一所有者，请先转让该组织", EN: "The person is the last owner of an organization: hand it over first"},
	app.LastAdministrator:  {ZH: "该用户是最后一位超级管理员", EN: "The person is the last super-administrator"},
	app.Forbidden:          {ZH: "没有权限", EN: "You may not do that"},
	app.NotFound:           {ZH: "用户不存在", EN: "There is no such user"},
	app.DirectoryFailed:    {ZH: "Gitea服务异常，请稍后再试", EN: "Gitea failed; try again later"},
	app.RepositoryTaken:    {ZH: "同名仓库已存在", EN: "You already have a repository of that name"},
	app.StorageFailed:      {ZH: "存储服务异常，请稍后再试", EN: "The object storage failed; try again later"},
	app.MailFailed:         {ZH: "邮件发送失败，请稍后再试", EN: "The mail was not sent; try again later"},
	app.SMSFailed:          {ZH: "短信发送失败，请稍后再试", EN: "The short message was not sent; try again later"},
	app.PictureFailed:      {ZH: "图片读取失败，请稍后再试", EN: "The picture was not read; try again later"},
	app.HumanCheckRequired: {ZH: "需要人机验证", EN: "Show first that you are a person"},
}

// refusals are what is said of HTTP failures.
var refusals = map[int]api.Phrase{
	http.StatusServiceUnavailable: {ZH: "服务暂不可用，请稍后再试", EN: "The server cannot work just now; try again later"},
	http.StatusTooManyRequests:    {ZH: "操作过于频繁，请稍后再试", EN: "Too many requests; try again later"},
}

// barred tells whoever gave the right password or code why it is not enough.
var barred = map[app.Status]api.Phrase{
	app.Paused:  {ZH: "账号已暂停使用", EN: "The account is paused"},
	app.Locked:  {ZH: "账号已锁定", EN: "The account is locked"},
	app.Stopped: {ZH: "账号已停用", EN: "The account has been stopped"},
}

// complaints are the messages of broken rules, by the field's name here. Others are
// those of the fields' definitions, after the name.
var complaints = map[string]api.Phrase{
	"email":      api.FieldWords("email"),
	"password":   api.FieldWords("password"),
	"birthday":   api.FieldWords("birthday"),
	"avatar":     {ZH: "头像必须是图片上传接口返回的地址", EN: "The avatar must be an address that the upload of pictures gave"},
	"spacecover": {ZH: "封面图必须是图片上传接口返回的地址", EN: "The cover must be an address that the upload of pictures gave"},
	"gender":     {ZH: "性别只能是0、1或2", EN: "A gender is 0, 1 or 2"},
	"role":       {ZH: "用户身份只能是0、1或2", EN: "A role is 0, 1 or 2"},
	"page":       {ZH: "页码不正确", EN: "There is no such page"},
	"page_size":  {ZH: "每页数量须为1至30", EN: "A page has 1 to 30 users"},
}

// namesHere are the dialect's names of fields that the use cases call otherwise.
var namesHere = map[string]string{
	"nickname": "name", "avatarUrl": "avatar", "cover": "spacecover", "pageSize": "page_size",
}

// explanation is the message that says most about a failure.
func explanation(err error) api.Phrase {
	if why, ok := api.Reason(err); ok {
		return why
	}
	var notAllowed *app.NotAllowed
	if errors.As(err, &notAllowed) && barred[notAllowed.Status] != (api.Phrase{}) {
		return barred[notAllowed.Status]
	}
	var e *app.Error
	if errors.As(err, &e) && e.Kind == app.Invalid && len(e.Violations) > 0 {
		return complaint(e.Violations[0])
	}
	if why, ok := refusals[api.Status(err)]; ok && e == nil {
		return why
	}
	return messages[app.KindOf(err)]
}

// complaint names the field and what is wrong with it.
func complaint(v app.Violation) api.Phrase {
	name, ok := namesHere[v.Field]
	if !ok {
		name = v.Field
	}
	why, ok := complaints[name]
	if rule, ofField := api.FieldRule(v); ofField && !ok {
		return api.Phrase{ZH: "参数" + name + "：" + rule.ZH, EN: name + ": " + rule.EN}
	}
	switch {
	case v.Rule == app.NotBlank:
		return api.Phrase{ZH: "缺少参数" + name, EN: name + " is missing"}
	case v.Rule == app.Length && name != "page" && name != "page_size":
		return api.Phrase{ZH: "参数" + name + "过长", EN: name + " is too long"}
	case v.Rule == app.TypeMismatch || !ok:
		return api.Phrase{ZH: "参数" + name + "不正确", EN: name + " is not valid"}
	}
	return why
}
