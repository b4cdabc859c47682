package portal_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"accord/api/portal"
	"accord/api/wiretest"
)

// TestGoldens replays every documented request and code.
func TestGoldens(t *testing.T) {
	wiretest.Replay(t, wiretest.Load(t, goldens), func(t *testing.T) wiretest.Target {
		s := newStage(t)
		return wiretest.Target{URL: s.URL, Setup: s.Setup}
	})
}

// tables are the codes that the document gives for each endpoint.
var tables = map[string][]int{
	"POST /api/v1/sendEmailCode":                  {1000, 1001, 1002},
	"POST /api/v1/register":                       {1000, 1001, 1002, 1003, 1004},
	"GET /api/v1/capacha/get":                     {1000, 1001},
	"GET /api/v1/captcha/get":                     {1000, 1001},
	"GET /api/v1/capacha/verify":                  {1000, 1001},
	"GET /api/v1/captcha/verify":                  {1000, 1001},
	"POST /api/v1/login":                          {1000, 1001, 1002, 1005},
	"POST /api/v1/forgetPassword/verifyEmailCode": {1000, 1001, 1002, 1006, 1007, 1008},
	"POST /api/v1/forgetPassword/modify":          {1000, 1001, 1002, 1007, 1008},
}

// TestGoldensCoverTheDocument: each endpoint has a golden for each code of its
// table, its document has those codes and no other, and every route is there.
func TestGoldensCoverTheDocument(t *testing.T) {
	codeLine := regexp.MustCompile(`"code": (\d+)`)
	seen := map[string]bool{}
	for _, script := range wiretest.Load(t, goldens) {
		for _, exchange := range script.Exchanges() {
			endpoint, _, _ := strings.Cut(exchange.Request, "?")
			if code := codeLine.FindStringSubmatch(exchange.Body); code != nil {
				seen[endpoint+" "+code[1]] = true
			}
		}
	}
	for _, route := range portal.New(portal.Options{}).Routes {
		endpoint := route.Method + " " + route.Path
		codes, ok := tables[endpoint]
		require.True(t, ok, "%s has no table", endpoint)
		for code := 1000; code <= 1008; code++ {
			documented := published(t).Answers(route.Method, route.Path, fmt.Sprintf(`{"code":%d,"msg":"m","data":"","total":0}`, code)) == nil
			if code == 1000 { // with whatever data
				documented = true
			}
			inTable := false
			for _, c := range codes {
				inTable = inTable || c == code
			}
			require.Equal(t, inTable, documented, "%s and %d", endpoint, code)
			require.True(t, !inTable || seen[fmt.Sprint(endpoint, " ", code)], "%s has no golden for %d", endpoint, code)
		}
	}
	require.Len(t, portal.New(portal.Options{}).Routes, len(tables))
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
