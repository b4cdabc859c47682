package infinite_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"accord/api"
	"accord/api/infinite"
	"accord/api/wiretest"
)

// published is the document as a server has it, read once.
func published(t testing.TB) wiretest.Contract {
	t.Helper()
	c, err := readDocument()
	require.NoError(t, err)
	return c
}

var readDocument = sync.OnceValues(func() (wiretest.Contract, error) {
	return wiretest.NewContract(infinite.New(infinite.Options{}), func(body string) bool {
		return strings.Contains(body, `"General.Success"`)
	})
})

func TestDocumentIsValid(t *testing.T) {
	doc := published(t).Doc
	require.NoError(t, doc.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.IsOpenAPI31OrLater()))
	require.True(t, doc.IsOpenAPI31OrLater())
}

// TestDocumentAndRoutesAgree: every route is documented and nothing else is.
func TestDocumentAndRoutesAgree(t *testing.T) {
	dialect := infinite.New(infinite.Options{})
	routed := []string{"GET /api/rules.json", "GET /healthz", "GET /readyz", "GET /.well-known/jwks.json"}
	for _, route := range dialect.Routes {
		routed = append(routed, route.Method+" "+route.Path)
	}
	var documented []string
	for path, item := range published(t).Doc.Paths.Map() {
		for method := range item.Operations() {
			documented = append(documented, method+" "+path)
		}
	}
	require.ElementsMatch(t, routed, documented)
	for _, route := range dialect.Routes {
		var mediaTypes []string
		if body := published(t).Doc.Paths.Value(route.Path).Post.RequestBody; body != nil {
			mediaTypes = slices.Collect(maps.Keys(body.Value.Content))
		}
		require.ElementsMatch(t, route.MediaTypes, mediaTypes, route.Path)
	}
}

// TestServersOwnAnswers are as documented too.
func TestServersOwnAnswers(t *testing.T) {
	states := []api.SystemState{{Name: "gitea"}}
	keys := []byte(`{"keys":[{"kty":"OKP","kid":"1"}]}`)
	h, err := api.New(api.Options{
		Dialects: []api.Dialect{infinite.New(infinite.Options{})}, Countries: []string{"86"}, Logger: slog.New(slog.DiscardHandler),
		Ready: api.NewReadiness(func(context.Context) []api.SystemState { return states }, slog.New(slog.DiscardHandler)),
		JWKS:  func() []byte { return keys },
	})
	require.NoError(t, err)
	h = published(t).Checked(t, h)
	ask := func(path string, want int) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		require.Equal(t, want, w.Code, path)
	}
	ask("/healthz", http.StatusOK)
	ask("/api/rules.json", http.StatusOK)
	ask("/readyz", http.StatusOK)
	ask("/.well-known/jwks.json", http.StatusOK)
	states[0].Fault, keys = "connection refused", nil
	ask("/readyz", http.StatusServiceUnavailable)
	ask("/.well-known/jwks.json", http.StatusServiceUnavailable)
}

// TestDocumentedCodesHaveGoldens: with the replay, which fails where an answer
// is not documented, each endpoint's codes are exactly those that it answers.
func TestDocumentedCodesHaveGoldens(t *testing.T) {
	codeLine := regexp.MustCompile(`"code": "([^"]+)"`)
	seen := map[string]bool{}
	for _, script := range wiretest.Load(t, goldens) {
		for _, exchange := range script.Exchanges() {
			_, path, _ := strings.Cut(exchange.Request, " ")
			if code := codeLine.FindStringSubmatch(exchange.Body); code != nil {
				seen[path+" "+code[1]] = true
			}
		}
	}
	c := published(t)
	for path, item := range c.Doc.Paths.Map() {
		if item.Post == nil {
			continue
		}
		documented := []string{"General.Success"}
		for _, code := range c.Doc.Components.Schemas["BusinessCode"].Value.Enum {
			if c.Answers(http.MethodPost, path, fmt.Sprintf(`{"code":%q,"data":{},"msg":"m"}`, code)) == nil {
				documented = append(documented, code.(string))
			}
		}
		require.Subset(t, documented, []string{"General.Failure", "General.ParameterInvalid", "General.InternalServerError"}, path)
		for _, code := range documented {
			require.True(t, seen[path+" "+code], "%s has no golden for %s", path, code)
		}
	}
}

// TestDocumentIsStrict: what the replay holds against the document is refused
// where anything is amiss.
func TestDocumentIsStrict(t *testing.T) {
	c := published(t)
	for body, good := range map[string]bool{
		`{"code":"General.EmailRepeat","data":{},"msg":"m"}`:                                        true,
		`{"code":"General.ParameterInvalid","data":{},"msg":"m"}`:                                   true,
		`{"code":"General.ParameterInvalid","data":{"ruleViolated":{"email":["email"]}},"msg":"m"}`: true,
		`{"code":"General.EmailRepeat","data":null,"msg":"m"}`:                                      false,
		`{"code":"General.EmailRepeat","data":{},"msg":""}`:                                         false,
		`{"code":"General.EmailRepeat","data":{}}`:                                                  false,
		`{"code":"General.EmailRepeat","data":{"x":1},"msg":"m"}`:                                   false,
		`{"code":"General.EmailRepeat","data":{},"msg":"m","x":1}`:                                  false,
		`{"code":"General.TokenInvalid","data":{},"msg":"m"}`:                                       false, // another endpoint's
		`{"code":"General.ParameterInvalid","data":{"ruleViolated":{"email":["ugly"]}},"msg":"m"}`:  false,
		`{"code":"General.ParameterInvalid","data":{"ruleViolated":{}},"msg":"m"}`:                  false,
		`{"code":"General.EmailRepeat","data":{"ruleViolated":{"email":["email"]}},"msg":"m"}`:      false,
		`no JSON`: false,
	} {
		require.Equal(t, good, c.Answers(http.MethodPost, "/api/user/registerIndividual", body) == nil, body)
	}
	example, err := json.Marshal(c.Doc.Components.Examples["SignedIn"].Value.Value)
	require.NoError(t, err)
	require.NoError(t, c.Answers(http.MethodPost, "/api/user/login", string(example)))
	require.Error(t, c.Answers(http.MethodPost, "/api/user/getUserDetail", string(example)), "words for numbers")
	for _, change := range [][2]string{
		{`"username"`, `"userName"`},
		{`"status.normal"`, `"1"`},
		{`"storage":{`, `"storage":{"x":1,`},
		{`"2026-03-01 12:00:00"`, `"2026-03-01T12:00:00Z"`},
		{`"userId":"676803719341408300"`, `"userId":676803719341408300`},
	} {
		require.Contains(t, string(example), change[0])
		require.Error(t, c.Answers(http.MethodPost, "/api/user/login", strings.Replace(string(example), change[0], change[1], 1)), change)
	}
	w := httptest.NewRecorder()
	require.Error(t, c.Check(httptest.NewRequest(http.MethodPost, "/api/user/nothing", nil), nil, w), "no such path, yet 200")
}
