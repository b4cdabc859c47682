package jpress_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api/jpress"
)

// TestNewcomersDoNotDescribeThemselves: where anybody may create an account, no
// stranger sets what administrators say of it.
func TestNewcomersDoNotDescribeThemselves(t *testing.T) {
	s := newStageWith(t, jpress.Options{OpenCreate: true})
	for field, want := range map[string]string{"identity": "fail", "remark": "fail", "company": "ok"} {
		form := url.Values{"user": {`{"username":"bob","email":"bob@example.com","password":"1qazxsw2","` + field + `":"x"}`}}
		_, body := ask(t, s, "POST", "/api/user/create", formType, "", form.Encode())
		require.Contains(t, body, `"state":"`+want+`"`, field)
	}
}
