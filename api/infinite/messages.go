package infinite

import (
	"accord/api"
	"accord/app"
)

var phrases = map[code]api.Phrase{
	success:          {ZH: "接口调用成功", EN: "Success"},
	failure:          {ZH: "接口调用失败", EN: "The call failed"},
	serverError:      {ZH: "服务器异常", EN: "Internal server error"},
	rpcError:         {ZH: "Rpc服务异常", EN: "A remote service failed"},
	giteaError:       {ZH: "Gitea服务异常", EN: "Gitea failed"},
	parameterInvalid: {ZH: "参数校验失败", EN: "Invalid parameters"},
	tokenExpired:     {ZH: "账户Token已超时", EN: "The token has expired"},
	tokenInvalid:     {ZH: "账户Token无效", EN: "The token is not valid"},
	unauthorized:     {ZH: "请求未授权", EN: "The request is not authorized"},
	userRepeat:       {ZH: "用户名已存在", EN: "The user name is already taken"},
	emailRepeat:      {ZH: "邮箱已被使用", EN: "The e-mail address is already in use"},
	mobileUsed:       {ZH: "手机已被使用", EN: "The number is already in use"},
	parameterRepeat:  {ZH: "参数重复", EN: "That is what it is already"},
	verifyError:      {ZH: "账户检验失败", EN: "Wrong account or password"},
	verifyCodeError:  {ZH: "验证码检验失败", EN: "Wrong or expired verification code"},
	overSMSLimits:    {ZH: "超过全局短信发送限制", EN: "The platform's limit of short messages is used up"},
}

// reasons are the messages of kinds whose code says too little.
var reasons = map[app.Kind]api.Phrase{
	app.TooOften: {ZH: "操作过于频繁，请稍后再试", EN: "Too many requests; try again later"},
	app.LastOwner: {
		ZH: "您是某个组织的唯一所有者，且该组织还有其他成员：请先转让该组织或移除其成员",
		EN: "You are the last owner of an organization that has other members: hand it over, or remove them, first",
	},
	app.RepositoryTaken:    {ZH: "同名仓库已存在", EN: "You already have a repository of that name"},
	app.HumanCheckRequired: {ZH: "需要人机验证", EN: "Show first that you are a person"},
	app.LastAdministrator: {
		ZH: "您是最后一位超级管理员：请先指定另一位超级管理员",
		EN: "You are the last super-administrator: make another one first",
	},
}

// barred tells whoever gave the right password why it is not enough.
var barred = map[app.Status]api.Phrase{
	app.Paused:  {ZH: "账户已暂停使用", EN: "The account is paused"},
	app.Locked:  {ZH: "账户已锁定", EN: "The account is locked"},
	app.Stopped: {ZH: "账户已停用", EN: "The account has been stopped"},
}
