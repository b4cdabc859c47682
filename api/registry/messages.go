package registry

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/app"
)

// The messages of failures, by kind.
var phrases = map[app.Kind]api.Phrase{
	app.Internal:           {ZH: "服务器内部错误", EN: "The server failed"},
	app.Invalid:            {ZH: "请求参数错误", EN: "Invalid parameters"},
	app.BadCredentials:     {ZH: "用户名或密码错误", EN: "Wrong user name or password"},
	app.TokenMissing:       {ZH: "请先登录", EN: "Sign in first"},
	app.TokenInvalid:       {ZH: "登录已失效，请重新登录", EN: "The token is not valid; sign in again"},
	app.TokenExpired:       {ZH: "登录已过期，请重新登录", EN: "The token has expired; sign in again"},
	app.UserTaken:          {ZH: "用户名已存在", EN: "The user name is already taken"},
	app.EmailTaken:         {ZH: "邮箱已被注册", EN: "The e-mail address is already in use"},
	app.MobileTaken:        {ZH: "手机号已被注册", EN: "The telephone number is already in use"},
	app.Unchanged:          {ZH: "没有变化", EN: "Nothing would change"},
	app.CodeWrong:          {ZH: "验证码错误或已过期，请重新获取", EN: "The verification code is wrong or has expired; ask for another"},
	app.TooOften:           {ZH: "操作过于频繁，请稍后再试", EN: "Too many requests; try again later"},
	app.SMSLimit:           {ZH: "短信发送量已达上限，请稍后再试", EN: "No more short messages can be sent today"},
	app.LastOwner:          {ZH: "该用户是组织的唯一所有者", EN: "The account is the last owner of an organization"},
	app.LastAdministrator:  {ZH: "该用户是唯一的超级管理员", EN: "The account is the last super-administrator"},
	app.Forbidden:          {ZH: "没有权限", EN: "Not permitted"},
	app.InviteWrong:        {ZH: "邀请码无效或已过期", EN: "The invitation code is not valid, or no longer"},
	app.NotFound:           {ZH: "不存在", EN: "There is no such thing"},
	app.Busy:               {ZH: "服务器繁忙，请稍后再试", EN: "The server is busy; try again later"},
	app.DirectoryFailed:    {ZH: "Gitea服务异常，请稍后再试", EN: "Gitea does not answer; try again later"},
	app.RepositoryTaken:    {ZH: "同名仓库已存在", EN: "You already have a repository of that name"},
	app.StorageFailed:      {ZH: "存储服务异常，请稍后再试", EN: "Storage does not answer; try again later"},
	app.MailFailed:         {ZH: "邮件发送失败，请稍后再试", EN: "The mail was not sent; try again later"},
	app.SMSFailed:          {ZH: "短信发送失败，请稍后再试", EN: "The short message was not sent; try again later"},
	app.PictureFailed:      {ZH: "图片获取失败", EN: "The picture cannot be had"},
	app.HumanCheckRequired: {ZH: "需要人机验证", EN: "Show that you are a person"},
}

// refusals are said of requests that came to no use case.
var refusals = map[int]api.Phrase{
	http.StatusTooManyRequests:    {ZH: "操作过于频繁，请稍后再试", EN: "Too many requests; try again later"},
	http.StatusServiceUnavailable: {ZH: "服务暂不可用，请稍后再试", EN: "The server cannot work just now; try again later"},
}

// unproven are said of a registration whose address, number or both were not
// verified.
var unproven = map[app.Unproven]api.Phrase{
	{Email: true}:               {ZH: "请先完成邮箱验证", EN: "Verify the e-mail address first"},
	{Mobile: true}:              {ZH: "请先完成手机号验证", EN: "Verify the telephone number first"},
	{Email: true, Mobile: true}: {ZH: "请先完成邮箱和手机号验证", EN: "Verify the e-mail address and the telephone number first"},
}

// barred tells whoever gave the right password why it is not enough.
var barred = map[app.Status]api.Phrase{
	app.Paused:  {ZH: "账户已暂停使用", EN: "The account is paused"},
	app.Locked:  {ZH: "账户已锁定", EN: "The account is locked"},
	app.Stopped: {ZH: "账户已停用", EN: "The account has been stopped"},
}

var (
	passwordRule = api.FieldWords("password")
	noSuchEmail  = api.FieldWords("email")
)

// complaints are the messages of broken rules: of a field and rule, else of a
// field whatever the rule.
var complaints = map[app.Violation]api.Phrase{
	{Field: "username", Rule: app.Length}:        {ZH: "用户名要求最多 12 位", EN: "A user name has at most 12 characters"},
	{Field: "username", Rule: app.Pattern}:       usernameRule,
	{Field: "email"}:                             noSuchEmail,
	{Field: "phone"}:                             noSuchPhone,
	{Field: "mobile"}:                            noSuchPhone,
	{Field: "internationalCode"}:                 {ZH: "不支持该手机号", EN: "Numbers of that country are not taken"},
	{Field: "target"}:                            {ZH: "请填写邮箱或手机号", EN: "Give an e-mail address or a telephone number"},
	{Field: "password"}:                          passwordRule,
	{Field: "password1"}:                         passwordRule,
	{Field: "password2"}:                         {ZH: "两次输入的密码不一致", EN: "The two passwords differ"},
	{Field: "nickname"}:                          nicknameRule,
	{Field: "birthday", Rule: app.Pattern}:       {ZH: "生日须为yyyy-MM-dd", EN: "A birthday is written yyyy-MM-dd"},
	{Field: "gender", Rule: app.NotContainsDict}: {ZH: "性别只能是0（女）或1（男）", EN: "A gender is 0 (woman) or 1 (man)"},
	{Field: "birthday", Rule: app.Past}:          {ZH: "你是从未来穿越回来的吗:)", EN: "Have you come back from the future? :)"},
}

// explanation is the message that says most about a failure.
func explanation(err error) api.Phrase {
	if why, ok := api.Reason(err); ok {
		return why
	}
	var refused *echo.HTTPError
	if errors.As(err, &refused) {
		if why, ok := refusals[refused.Code]; ok {
			return why
		}
		return phrases[app.Invalid]
	}
	var e *app.Error
	var notAllowed *app.NotAllowed
	var missing *app.Unproven
	kind := app.KindOf(err)
	switch {
	case errors.As(err, &notAllowed) && barred[notAllowed.Status] != api.Phrase{}:
		return barred[notAllowed.Status]
	case kind == app.Invalid && errors.As(err, &e) && len(e.Violations) > 0:
		return complaint(e.Violations[0])
	case errors.As(err, &missing):
		return unproven[*missing]
	}
	return phrases[kind]
}

func complaint(v app.Violation) api.Phrase {
	if why, ok := complaints[v]; ok {
		return why
	}
	if why, ok := complaints[app.Violation{Field: v.Field}]; ok {
		return why
	}
	if rule, ofField := api.FieldRule(v); ofField {
		return rule
	}
	rule, wrong := api.FieldMessage(app.Violation{Rule: v.Rule}, v.Field), phrases[app.Invalid]
	return api.Phrase{ZH: wrong.ZH + "：" + rule.ZH, EN: wrong.EN + ": " + rule.EN}
}
