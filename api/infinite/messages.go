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
	userRepeat:       {"用户名已存在", "The user name is already taken"},
	emailRepeat:      {"邮箱已被使用", "The e-mail address is already in use"},
	verifyError:      {"账户检验失败", "Wrong account or password"},
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
