package jpress

import (
	"errors"

	"accord/api"
	"accord/app"
)

// The states of an answer.
const (
	ok   = "ok"
	fail = "fail"
)

// phrases say why a request failed, since its state does not.
var phrases = map[app.Kind]api.Phrase{
	app.Internal:           {ZH: "服务器异常", EN: "Internal server error"},
	app.Invalid:            {ZH: "参数错误", EN: "Invalid parameters"},
	app.BadCredentials:     {ZH: "账户或密码错误", EN: "Wrong account or password"},
	app.TokenMissing:       {ZH: "请先登录", EN: "Sign in first"},
	app.TokenInvalid:       {ZH: "Token 无效", EN: "The token is not valid"},
	app.TokenExpired:       {ZH: "Token 已过期", EN: "The token has expired"},
	app.UserTaken:          {ZH: "用户名已存在", EN: "The user name is already taken"},
	app.EmailTaken:         {ZH: "邮箱已被使用", EN: "The e-mail address is already in use"},
	app.MobileTaken:        {ZH: "手机号已被使用", EN: "The number is already in use"},
	app.Unchanged:          {ZH: "新旧内容相同", EN: "That is what it is already"},
	app.CodeWrong:          {ZH: "验证码错误或已过期", EN: "The verification code is wrong or has expired"},
	app.TooOften:           {ZH: "操作过于频繁，请稍后再试", EN: "Too many requests; try again later"},
	app.SMSLimit:           {ZH: "短信发送已达上限", EN: "The platform's limit of short messages is used up"},
	app.LastOwner:          {ZH: "该用户是某个组织的唯一所有者", EN: "The person is the last owner of an organization that has other members"},
	app.NotFound:           {ZH: "用户不存在", EN: "There is no such person"},
	app.Busy:               {ZH: "服务器繁忙，请稍后再试", EN: "The server is busy; try again later"},
	app.DirectoryFailed:    {ZH: "Gitea 服务异常", EN: "Gitea failed"},
	app.RepositoryTaken:    {ZH: "同名仓库已存在", EN: "You already have a repository of that name"},
	app.StorageFailed:      {ZH: "存储服务异常", EN: "The storage failed"},
	app.MailFailed:         {ZH: "邮件服务异常", EN: "The mail server failed"},
	app.SMSFailed:          {ZH: "短信服务异常", EN: "The short message service failed"},
	app.PictureFailed:      {ZH: "无法获取头像", EN: "The picture was not to be had"},
	app.HumanCheckRequired: {ZH: "需要人机验证", EN: "Show first that you are a person"},
	app.Forbidden:          {ZH: "没有权限", EN: "You may not do that"},
	app.LastAdministrator:  {ZH: "不能移除最后一位超级管理员", EN: "That is the last super-administrator"},
	app.InviteWrong:        {ZH: "邀请码错误", EN: "The invitation is not valid"},
}

// barred tells whoever gave the right password why it is not enough.
var barred = map[app.Status]api.Phrase{
	app.Paused:  {ZH: "账户已暂停使用", EN: "The account is paused"},
	app.Locked:  {ZH: "账户已锁定", EN: "The account is locked"},
	app.Stopped: {ZH: "账户已停用", EN: "The account has been stopped"},
}

// because joins a reason and the field that gave it.
var because = api.Phrase{ZH: "：", EN: ": "}

// explanation is the message that says most about a failure; it names the first
// field that is wrong, and its rule.
func explanation(err error, lang string) string {
	var notAllowed *app.NotAllowed
	if errors.As(err, &notAllowed) {
		if why, known := barred[notAllowed.Status]; known {
			return why.In(lang)
		}
	}
	if why, known := api.Reason(err); known {
		return why.In(lang)
	}
	said := phrases[app.KindOf(err)].In(lang)
	var e *app.Error
	if errors.As(err, &e) && len(e.Violations) > 0 {
		said += because.In(lang) + wireName(e.Violations[0].Field) + because.In(lang) + ruleOf(e.Violations[0], lang)
	}
	return said
}

// ruleOf is the rule that was broken.
func ruleOf(v app.Violation, lang string) string {
	rule, _ := api.FieldRule(v)
	return rule.In(lang)
}

// wireNames are the fields that the document calls otherwise than the domain.
var wireNames = map[string]string{
	"sign": "signature", "realName": "realname", "university": "graduateschool", "idCardType": "idcardtype",
	"idCard": "idcard", "source": "createSource", "website": "site", "avatarUrl": "avatar",
}

func wireName(field string) string {
	if name, other := wireNames[field]; other {
		return name
	}
	return field
}
