package infinite

import (
	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"

	"accord/app"
)

// phrase is one message in the languages of the dialect.
type phrase struct{ zh, en string }

func (p phrase) in(lang string) string {
	if lang == english {
		return p.en
	}
	return p.zh
}

var phrases = map[code]phrase{
	success:          {"接口调用成功", "Success"},
	failure:          {"接口调用失败", "The call failed"},
	serverError:      {"服务器异常", "Internal server error"},
	rpcError:         {"Rpc服务异常", "A remote service failed"},
	giteaError:       {"Gitea服务异常", "Gitea failed"},
	parameterInvalid: {"参数校验失败", "Invalid parameters"},
	tokenExpired:     {"账户Token已超时", "The token has expired"},
	tokenInvalid:     {"账户Token无效", "The token is not valid"},
	unauthorized:     {"请求未授权", "The request is not authorized"},
	userRepeat:       {"用户名已存在", "The user name is already taken"},
	emailRepeat:      {"邮箱已被使用", "The e-mail address is already in use"},
	mobileUsed:       {"手机已被使用", "The number is already in use"},
	parameterRepeat:  {"参数重复", "That is what it is already"},
	verifyError:      {"账户检验失败", "Wrong account or password"},
	verifyCodeError:  {"验证码检验失败", "Wrong or expired verification code"},
	overSMSLimits:    {"超过全局短信发送限制", "The platform's limit of short messages is used up"},
}

// reasons are the messages of kinds whose code says too little.
var reasons = map[app.Kind]phrase{
	app.TooOften: {"操作过于频繁，请稍后再试", "Too many requests; try again later"},
	app.LastOwner: {
		"您是某个组织的唯一所有者，且该组织还有其他成员：请先转让该组织或移除其成员",
		"You are the last owner of an organization that has other members: hand it over, or remove them, first",
	},
	app.LastAdministrator: {
		"您是最后一位超级管理员：请先指定另一位超级管理员",
		"You are the last super-administrator: make another one first",
	},
}

// barred tells whoever gave the right password why it is not enough.
var barred = map[app.Status]phrase{
	app.Paused:  {"账户已暂停使用", "The account is paused"},
	app.Locked:  {"账户已锁定", "The account is locked"},
	app.Stopped: {"账户已停用", "The account has been stopped"},
}

const (
	chinese = "zh"
	english = "en"
)

// languages are what the dialect speaks, the first by default.
var (
	languages = []string{chinese, english}
	matcher   = language.NewMatcher([]language.Tag{language.Chinese, language.English})
)

// languageOf is the language to answer in, as Accept-Language has it.
func languageOf(c echo.Context) string {
	_, i := language.MatchStrings(matcher, c.Request().Header.Get("Accept-Language"))
	return languages[i]
}
