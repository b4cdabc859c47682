package community_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"accord/api/community"
	"accord/api/wiretest"
)

const (
	goldens = "../../testdata/wire/community"
	// pairGoldens are those of a server that has version 1.0 turned on.
	pairGoldens = goldens + "/pair"
)

// TestGoldens replays every documented request and code.
func TestGoldens(t *testing.T) {
	for folder, pair := range map[string]bool{goldens: false, pairGoldens: true} {
		wiretest.Replay(t, wiretest.Load(t, folder), func(t *testing.T) wiretest.Target {
			s := newStage(t, pair)
			return wiretest.Target{URL: s.URL, Setup: s.Setup}
		})
	}
}

// tables are the codes that each endpoint answers with under status 200.
var tables = map[string][]int{
	"GET /api/v1/verify/captcha/get":       {200, 500},
	"POST /api/v1/verify/captcha/validate": {200, 400, 461, 500},
	"POST /api/v1/user/code/email":         {200, -1, 400, 500, 502},
	"POST /api/v1/user/register":           {200, 400, 409, 461, 500, 502},
	"POST /api/v1/user/login":              {200, -1, 400, 460, 500, 502},
	"POST /api/v1/user/login/email":        {200, -1, 400, 460, 461, 500, 502},
	"GET /api/v1/user/token/refresh":       {200, 401, 500},
	"GET /api/v1/user/resetpwd/check":      {200, -1, 400, 500},
	"POST /api/v1/user/pwd/modify":         {200, -1, 400, 461, 500, 502},
	"GET /api/v1/user/info/other":          {200, 400, 404, 500},
	"GET /api/v1/user/uid":                 {200, 400, 404, 500},
	"GET /api/v1/user/info/get":            {200, 401, 500},
	"POST /api/v1/user/info/modify":        {200, 400, 401, 500, 502},
	"POST /api/v1/user/cover/modify":       {200, 400, 401, 500, 502},
	"GET /api/v1/user/manage/list":         {200, 400, 401, 403, 500},
	"GET /api/v1/user/manage/search":       {200, 400, 401, 403, 500},
	"GET /api/v1/user/manage/search&*":     {200, 400, 401, 403, 500},
	"POST /api/v1/user/manage/modify":      {200, 400, 401, 403, 404, 409, 500, 502},
	"POST /api/v1/user/manage/role/modify": {200, 400, 401, 403, 404, 500},
	"POST /api/v1/user/manage/delete":      {200, 400, 401, 403, 404, 500, 502},
}

var codeLine = regexp.MustCompile(`"code": (-?\d+)`)

// played are the endpoints of the goldens with the codes that they answer.
func played(t *testing.T) map[string]bool {
	t.Helper()
	seen := map[string]bool{}
	for _, script := range append(wiretest.Load(t, goldens), wiretest.Load(t, pairGoldens)...) {
		for _, exchange := range script.Exchanges() {
			endpoint, _, _ := strings.Cut(exchange.Request, "?")
			if path, _, typed := strings.Cut(endpoint, "&"); typed {
				endpoint = path + "&*"
			}
			if code := codeLine.FindStringSubmatch(exchange.Body); code != nil && exchange.Status == "200" {
				seen[endpoint+" "+code[1]] = true
			}
		}
	}
	return seen
}

// TestGoldensCoverTheDocument: each endpoint has a golden for each code of its
// table, its document has those codes and no other, and every route is there.
func TestGoldensCoverTheDocument(t *testing.T) {
	seen, document := played(t), published(t)
	routes := community.New(community.Options{TokenPair: true}).Routes
	require.Len(t, routes, len(tables))
	for _, route := range routes {
		endpoint := route.Method + " " + route.Path
		codes, ok := tables[endpoint]
		require.True(t, ok, "%s has no table", endpoint)
		path := strings.ReplaceAll(route.Path, "*", "keyword=a")
		for _, code := range []int{-1, 400, 401, 403, 404, 405, 409, 429, 460, 461, 500, 502, 503} {
			documented := document.Answers(route.Method, path, fmt.Sprintf(`{"code":%d,"data":null,"msg":"m"}`, code)) == nil
			require.Equal(t, slices.Contains(codes, code), documented, "%s and %d", endpoint, code)
		}
		for _, code := range codes {
			require.True(t, seen[fmt.Sprint(endpoint, " ", code)], "%s has no golden for %d", endpoint, code)
		}
	}
}

func TestDocumentIsValid(t *testing.T) {
	doc := published(t).Doc
	require.NoError(t, doc.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.IsOpenAPI31OrLater()))
	documented := 0
	for _, item := range doc.Paths.Map() {
		documented += len(item.Operations())
	}
	require.Len(t, tables, documented)
}
