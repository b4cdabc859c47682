package infinite

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"accord/app"
)

func TestCodesAreTotal(t *testing.T) {
	for _, kind := range app.Kinds() {
		code, ok := codes[kind]
		require.True(t, ok, "no code for %q", kind)
		require.NotEmpty(t, phrases[code].ZH, code)
		require.NotEmpty(t, phrases[code].EN, code)
	}
}

// TestEveryKindIsAnswered has each endpoint meet each kind.
func TestEveryKindIsAnswered(t *testing.T) {
	bodies := map[string]string{
		"registerIndividual": `{"username":"alice","email":"a@b.cn","password":"1qazxsw2"}`,
		"login":              `{"username":"alice","password":"1qazxsw2"}`,
		"logout":             "",
	}
	for name, tt := range changes {
		bodies[name] = tt.body
	}
	for name, body := range bodies {
		for _, kind := range app.Kinds() {
			h := handler(t, &useCases{err: fmt.Errorf("wrapped: %w", &app.Error{Kind: kind})})
			w := call(h, name, body, "Authorization", "token")
			got := read(t, w)
			want := codes[kind]
			if name == "editUserMobile" && kind == app.TokenMissing {
				want = unauthorized
			}
			require.Equal(t, string(want), got.Code, "%s meets %q", name, kind)
			require.NotEmpty(t, got.Msg)
			require.NotEmpty(t, w.Header().Get("X-Accord-Saga"), "the saga of a failed %s is named too", name)
			require.Equal(t, kind == app.Busy || kind == app.TooOften, w.Code == http.StatusTooManyRequests, "%s meets %q", name, kind)
		}
	}
}

func TestWhatIsNotKnownIsTheServersFault(t *testing.T) {
	for _, err := range []error{fmt.Errorf("defect"), echo.NewHTTPError(http.StatusBadRequest, "detail")} {
		w := call(handler(t, &useCases{err: err}), "login", `{"username":"alice","password":"x"}`)
		require.Equal(t, http.StatusOK, w.Code)
		require.JSONEq(t, `{"code":"General.InternalServerError","data":{},"msg":"服务器异常"}`, w.Body.String())
	}
}

func TestHTTPFailuresKeepTheEnvelope(t *testing.T) {
	for status, msg := range map[int]string{
		404: "接口不存在", 405: "该接口只支持", 413: "请求体超过上限1 MiB", 415: "该接口只接受application/json", 431: "请求头超过上限32 KiB",
		429: "接口调用失败", 503: "接口调用失败",
	} {
		w := call(handler(t, &useCases{err: echo.NewHTTPError(status)}), "login", `{"username":"alice","password":"x"}`)
		require.Equal(t, status, w.Code)
		require.JSONEq(t, fmt.Sprintf(`{"code":"General.Failure","data":{},"msg":%q}`, msg), w.Body.String())
	}
}

// TestBarredAccounts: the message tells of the status only where the use case
// says that the password was right.
func TestBarredAccounts(t *testing.T) {
	for status, want := range map[app.Status]string{
		app.Paused: "账户已暂停使用", app.Locked: "账户已锁定", app.Stopped: "账户已停用",
		app.Reserved: "账户检验失败", app.Abandoned: "账户检验失败", app.Deleted: "账户检验失败",
	} {
		err := &app.Error{Kind: app.BadCredentials, Err: &app.NotAllowed{Status: status}}
		got := read(t, call(handler(t, &useCases{err: err}), "login", `{"username":"alice","password":"x"}`))
		require.Equal(t, outcome{Code: "Account.VerifyError", Msg: want}, got, status)
	}
	plain := read(t, call(handler(t, &useCases{err: &app.Error{Kind: app.BadCredentials}}), "login", `{"username":"a","password":"x"}`))
	require.Equal(t, outcome{Code: "Account.VerifyError", Msg: "账户检验失败"}, plain)
}

// TestReasons: failures whose code says too little have a message of their own.
func TestReasons(t *testing.T) {
	for kind, why := range reasons {
		for lang, want := range map[string]string{"": why.ZH, "en": why.EN} {
			require.NotEmpty(t, want)
			u := &useCases{err: &app.Error{Kind: kind}}
			w := call(handler(t, u), "deleteUser", `{"password":"1qazxsw2"}`, "Authorization", "token", "Accept-Language", lang)
			require.Equal(t, outcome{Code: string(codes[kind]), Msg: want}, read(t, w))
		}
	}
}

// TestNoTokenAtAll: the code is that of the first four endpoints, but where the
// endpoint's table has one for it.
func TestNoTokenAtAll(t *testing.T) {
	for _, endpoint := range []string{"editUser", "modifyUserEmail", "modifyUserPassword", "deleteUser"} {
		u := &useCases{}
		require.JSONEq(t, `{"code":"General.ParameterInvalid","data":{"ruleViolated":{"token":["notBlank"]},"messages":{"token":"token不能为空"}},`+
			`"msg":"request params[token] notBlank."}`, call(handler(t, u), endpoint, "{}").Body.String(), endpoint)
		require.Zero(t, u.asked())
	}
	w := call(handler(t, &useCases{}), "editUserMobile", "{}")
	require.JSONEq(t, `{"code":"General.Unauthorized","data":{},"msg":"请求未授权"}`, w.Body.String())
}

func TestLanguages(t *testing.T) {
	for header, want := range map[string]string{
		"": "账户检验失败", "en": "Wrong account or password", "en-GB,en;q=0.9": "Wrong account or password",
		"zh-TW": "账户检验失败", "fr": "账户检验失败", "fr, en;q=0.5": "Wrong account or password",
		"zh, en;q=0.9": "账户检验失败", "*": "账户检验失败", "\x01;;q=": "账户检验失败",
	} {
		u := &useCases{err: &app.Error{Kind: app.BadCredentials}}
		got := read(t, call(handler(t, u), "login", `{"username":"a","password":"x"}`, "Accept-Language", header))
		require.Equal(t, want, got.Msg, "Accept-Language %q", header)
		require.Equal(t, "Account.VerifyError", got.Code)
	}
}
