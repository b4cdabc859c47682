package infinite

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

func TestRegisterPassesOn(t *testing.T) {
	for lang, want := range map[string]string{"": "zh", "en-US": "en"} {
		u := &useCases{}
		w := call(handler(t, u), "registerIndividual",
			`{"more":[1],"username":"first","username":"Alice","email":"A@b.cn","password":"1qazxsw2"}`, "Accept-Language", lang)
		require.Equal(t, "General.Success", read(t, w).Code)
		require.Equal(t, "saga-of-register", w.Header().Get("X-Accord-Saga"))
		require.Equal(t, []app.Registration{{Username: "Alice", Email: "A@b.cn", Password: "1qazxsw2", Language: want}}, u.registrations)
	}
}

func TestLoginPassesOn(t *testing.T) {
	for body, want := range map[string]app.Credentials{
		`{"username":"alice","password":"1qazxsw2"}`:                                             {Username: "alice"},
		`{"email":"a@b.cn","password":"1qazxsw2"}`:                                               {Email: "a@b.cn"},
		`{"username":"  ","email":"a@b.cn","password":"1qazxsw2"}`:                               {Email: "a@b.cn"},
		`{"username":"a","password":"1qazxsw2","enableKeepLogin":true}`:                          {Username: "a", Keep: true},
		`{"username":"a","password":"1qazxsw2","enableKeepLogin":false}`:                         {Username: "a"},
		`{"username":"a","password":"1qazxsw2","enableKeepLogin":null}`:                          {Username: "a"},
		`{"username":"a","password":"1qazxsw2","enableKeepLogin":""}`:                            {Username: "a"},
		`{"username":"a","password":"1qazxsw2","enableKeepLogin":"keepLogin.enable"}`:            {Username: "a", Keep: true},
		`{"username":"a","password":"1qazxsw2","enableKeepLogin":"keepLogin.disable"}`:           {Username: "a"},
		`{"username":"a","password":"1qazxsw2","enableKeepLogin":"keepLogin.maybe"}`:             {Username: "a"},
		`{"username":"a","password":"1qazxsw2","enableKeepLogin":"true"}`:                        {Username: "a"},
		`{"username":"a","password":"1qazxsw2","enableKeepLogin ":"keepLogin.enable"}`:           {Username: "a", Keep: true},
		`{"username":"a","password":"1qazxsw2","enableKeepLogin ":true}`:                         {Username: "a", Keep: true},
		`{"username":"a","password":"1qazxsw2","enableKeepLogin":false,"enableKeepLogin ":true}`: {Username: "a"},
	} {
		want.Password, want.IP, want.Device = "1qazxsw2", "192.0.2.1", "curl 8.5.0"
		u := &useCases{}
		w := call(handler(t, u), "login", body, "User-Agent", "curl/8.5.0")
		require.Equal(t, "General.Success", read(t, w).Code, body)
		require.Equal(t, "saga-of-login", w.Header().Get("X-Accord-Saga"))
		require.Equal(t, []app.Credentials{want}, u.credentials, body)
	}
}

func TestLoginChecksOnlyTheLengthOfAPassword(t *testing.T) {
	for _, password := range []string{"1", "888888", "密码", strings.Repeat("p", 32)} {
		u := &useCases{}
		call(handler(t, u), "login", `{"username":"alice","password":"`+password+`"}`)
		require.Len(t, u.credentials, 1)
		require.Equal(t, password, u.credentials[0].Password.Reveal())
	}
}

// person is an account and session with everything in it that an answer shows.
func person() *useCases {
	return &useCases{
		account: app.Account{
			ID: "20042908291234", UserID: 676803719341408301, Username: "admin", Email: "test@qq.com", EmailVerified: true,
			Mobile: "18625160000", Status: app.Normal,
			Profile: app.Profile{
				Nickname: "测试", AvatarURL: "https://example.com/100.jpg",
				Description: "小菜鸟", Website: "http://www.baidu.com", Location: "China",
			},
			PasswordHash: "never-shown", StorageSecret: "never-shown",
			CreatedAt: time.Date(2020, 4, 29, 0, 29, 1, 0, time.UTC), UpdatedAt: time.Date(2020, 4, 29, 16, 0, 0, 0, time.UTC),
		},
		session: app.Session{
			ID: "session", IP: "129.0.1.22", Device: "MAC: 00-D0-F8-00-00-01",
			CreatedAt: time.Date(2020, 4, 29, 0, 38, 23, 132_999_999, time.UTC),
		},
		grant: app.Grant{
			Endpoint: "http://localhost:9000", Region: "us-east-1", Bucket: "homes", Prefix: "acc20042908291234/",
			AccessKeyID: "key", SecretAccessKey: "secret", SessionToken: "session-token",
			Expiration: time.Date(2020, 4, 29, 2, 38, 23, 5000, time.UTC),
		},
	}
}

func TestLoginAnswer(t *testing.T) {
	w := call(handler(t, person()), "login", `{"username":"admin","password":"888888"}`)
	require.Equal(t, `{"code":"General.Success","data":{"accessToken":"access","giteaToken":"gitea","storageToken":"session-token",`+
		`"createDatetime":"2020-04-29 08:29:01","nickname":"测试","accountId":"20042908291234","username":"admin",`+
		`"email":"test@qq.com","mobile":"18625160000","emailVerified":"email.verified","iconUrl":"https://example.com/100.jpg",`+
		`"loginIp":"[2020-04-29 08:38:23.132] IP地址 129.0.1.22","loginDevice":"MAC: 00-D0-F8-00-00-01",`+
		`"status":"status.normal","updateDatetime":"2020-04-30 00:00:00","userId":"676803719341408301",`+
		`"storage":{"endpoint":"http://localhost:9000","region":"us-east-1","bucket":"homes","prefix":"acc20042908291234/",`+
		`"accessKeyId":"key","secretAccessKey":"secret","sessionToken":"session-token","expiration":"2020-04-29T02:38:23Z"}},`+
		`"msg":"接口调用成功"}`+"\n", w.Body.String())
}

func TestDetailAnswer(t *testing.T) {
	w := call(handler(t, person()), "getUserDetail", "", "Authorization", "token")
	require.Equal(t, `{"code":"General.Success","data":{"createDatetime":"2020-04-29 08:29:01","nickname":"测试",`+
		`"accountId":"20042908291234","username":"admin","email":"test@qq.com","mobile":"18625160000","emailVerified":2,`+
		`"iconUrl":"https://example.com/100.jpg","loginIp":"[2020-04-29 08:38:23.132] IP地址 129.0.1.22",`+
		`"loginDevice":"MAC: 00-D0-F8-00-00-01","status":"1","updateDatetime":"2020-04-30 00:00:00",`+
		`"userId":676803719341408301,"userIdStr":"676803719341408301",`+
		`"description":"小菜鸟","website":"http://www.baidu.com","location":"China"},"msg":"接口调用成功"}`+"\n", w.Body.String())
}

func TestStatusesAreSpeltAndNumbered(t *testing.T) {
	for status, want := range map[app.Status][2]string{
		app.Normal: {"status.normal", "1"}, app.Paused: {"status.pause", "2"}, app.Locked: {"status.lock", "3"},
		app.Stopped: {"status.stop", "4"}, app.Deleted: {"status.delete", "5"},
	} {
		u := person()
		u.account.Status, u.account.EmailVerified = status, false
		login := call(handler(t, u), "login", `{"username":"admin","password":"888888"}`).Body.String()
		require.Contains(t, login, `"status":"`+want[0]+`"`)
		require.Contains(t, login, `"emailVerified":"email.unUerified"`)
		detail := call(handler(t, u), "getUserDetail", "", "Authorization", "token").Body.String()
		require.Contains(t, detail, `"status":"`+want[1]+`"`)
		require.Contains(t, detail, `"emailVerified":1`)
	}
}

func TestSessionEndpointsReadTheTokenAndNoBody(t *testing.T) {
	for _, endpoint := range []string{"logout", "getUserDetail"} {
		for _, body := range []string{"", "{}", "{", "null", "[]"} {
			for header, token := range map[string]app.Secret{"abc": "abc", "Bearer abc": "abc"} {
				u := person()
				w := call(handler(t, u), endpoint, body, "Authorization", header, "Content-Type", "text/plain")
				require.Equal(t, http.StatusOK, w.Code)
				require.Equal(t, "General.Success", read(t, w).Code)
				require.Equal(t, []app.Secret{token}, u.tokens)
				require.Equal(t, endpoint == "logout", len(u.signedOut) == 1)
				require.Equal(t, endpoint == "logout", w.Header().Get("X-Accord-Saga") != "")
			}
		}
		u := person()
		w := call(handler(t, u), endpoint, "")
		require.JSONEq(t, `{"code":"General.ParameterInvalid","data":{"ruleViolated":{"token":["notBlank"]},"messages":{"token":"token不能为空"}},`+
			`"msg":"request params[token] notBlank."}`, w.Body.String())
		require.Zero(t, u.asked())
	}
}
