package registry

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/app"
)

const whole = `{"id":9,"username":"bob","email":"bob@example.com","phone":"","password":"","password1":"1qazxsw2","password2":"1qazxsw2",
"nickname":" 小宝 ","realname":"R","roleId":1,"roleTitle":"admin","corpId":7,"corpName":"C","deptId":"8","deptName":"D","gender":0,
"avatar":"https://example.com/a.png","birthday":"1999-12-31","qq":"10001","major":"M","university":"U","assignee":"A","address":"L",
"introduce":"I","code":"A2B3C4","invateId":1,"invateUsername":"alice","expiration":"2999-01-01 00:00:00","state":2,"push":3,"alert":4}`

// TestFieldsOfANewcomer: what is a person's own to tell is kept, and nothing
// that is the server's.
func TestFieldsOfANewcomer(t *testing.T) {
	j := &judge{t: t}
	w := ask(j.server(false), http.MethodPut, savePath, "application/json", whole)
	require.Equal(t, http.StatusOK, w.Code, "%s", w.Body)
	require.Equal(t, &app.Registration{
		Username: "bob", Email: "bob@example.com", Password: "1qazxsw2", Language: "zh", Nickname: "小宝",
		Proven: true, Client: "192.0.2.1", ProofCode: "A2B3C4",
		Attributes: app.Attributes{
			Gender: app.Female, Birthday: time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC), RealName: "R", QQ: "10001", Major: "M",
			University: "U", Address: "L", Introduce: "I", CorpID: 7, CorpName: "C", DeptID: 8, DeptName: "D", Push: 3, Alert: 4,
			InvitedBy: "alice",
		},
	}, j.registered)
	for gender, want := range map[string]app.Gender{"1": app.Male, `"0"`: app.Female, `""`: app.UnknownGender, "null": app.UnknownGender} {
		w = ask(j.server(false), http.MethodPost, "/registry/checkEmail", "application/json", `{"email":"a@example.com","gender":`+gender+`}`)
		require.Equal(t, http.StatusOK, w.Code, "%s", w.Body)
		require.Equal(t, want, j.checked.Attributes.Gender, gender)
	}
}

// TestInvitationsAreLookedForInBothFields tries who brings what.
func TestInvitationsAreLookedForInBothFields(t *testing.T) {
	for _, try := range []struct {
		needed        bool
		inviter, code string
		status        int
		invite        app.Secret
		by            string
	}{
		{false, "", "", 200, "", ""},
		{false, "good", "", 200, "good", ""},
		{false, "alice", "", 200, "", "alice"},
		{false, "nobody", "", 400, "", ""},
		{false, "", "good", 200, "", ""},
		{false, "", "A2B3C4", 200, "", ""},
		{true, "", "", 400, "", ""},
		{true, "good", "", 200, "good", ""},
		{true, "", "good", 200, "good", ""},
		{true, "good", "A2B3C4", 200, "good", ""},
		{true, "alice", "", 400, "", ""},
		{true, "alice", "good", 200, "good", "alice"},
		{true, "nobody", "good", 400, "", ""},
		{true, "", "A2B3C4", 400, "", ""},
	} {
		j := &judge{t: t}
		w := ask(j.server(try.needed), http.MethodPost, "/registry/checkEmail", "application/json",
			`{"email":"a@example.com","invateUsername":"`+try.inviter+`","code":"`+try.code+`"}`)
		require.Equal(t, try.status, w.Code, "%+v", try)
		if try.status == http.StatusOK {
			require.Equal(t, try.invite, j.checked.Invite, "%+v", try)
			require.Equal(t, try.by, j.checked.Attributes.InvitedBy, "%+v", try)
		}
	}
}

// TestTheClientIsBound: what is proved, and what is asked for later, is of the
// client's own address.
func TestTheClientIsBound(t *testing.T) {
	j := &judge{t: t}
	const code = `"code":"A2B3C4","password":"1qazxsw2"}`
	require.Equal(t, http.StatusOK, ask(j.server(false), http.MethodPost, "/registry/verifyPhone", "application/json", `{"email":"13800138000",`+code).Code)
	require.Equal(t, &app.Target{Country: "86", Mobile: "13800138000", Client: "192.0.2.1"}, j.proved)
	require.Equal(t, http.StatusOK, ask(j.server(false), http.MethodPost, "/registry/verifyEmail", "application/json", `{"email":"a@example.com",`+code).Code)
	require.Equal(t, &app.Target{Email: "a@example.com", Client: "192.0.2.1"}, j.proved)
	require.Equal(t, http.StatusOK, ask(j.server(false), http.MethodPost, "/registry/resetPassword", "application/json", `{"email":"a@example.com",`+code).Code)
	require.Equal(t, "192.0.2.1", j.reset.Client)
}
