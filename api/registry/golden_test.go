package registry_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"accord/api/registry"
	"accord/api/wiretest"
)

// TestGoldens replays every documented request and status.
func TestGoldens(t *testing.T) {
	wiretest.Replay(t, wiretest.Load(t, goldens), func(t *testing.T) wiretest.Target {
		s := newStage(t, false)
		return wiretest.Target{URL: s.URL, Setup: s.Setup}
	})
}

// TestGoldensWithInvitations replays those where every newcomer needs one.
func TestGoldensWithInvitations(t *testing.T) {
	wiretest.Replay(t, wiretest.Load(t, invited), func(t *testing.T) wiretest.Target {
		s := newStage(t, true)
		return wiretest.Target{URL: s.URL, Setup: s.Setup}
	})
}

// statuses are what each endpoint may answer with, besides what it shares with
// every other: 413, 415, 503.
var statuses = map[string][]string{
	"POST /registry/checkEmailPwd": {"200", "400", "409", "429", "500", "502"},
	"POST /registry/checkEmail":    {"200", "400", "409", "429", "500", "502"},
	"POST /registry/checkPhonePwd": {"200", "400", "409", "429", "500", "502"},
	"POST /registry/checkPhone":    {"200", "400", "409", "429", "500", "502"},
	"POST /registry/verifyEmail":   {"200", "400", "500"},
	"POST /registry/verifyPhone":   {"200", "400", "500"},
	"PUT /registry/save":           {"200", "400", "409", "429", "500", "502"},
	"POST /registry/findUsername":  {"200", "400", "429", "500"},
	"POST /registry/findPassword":  {"200", "400", "429", "500", "502"},
	"POST /registry/resetPassword": {"200", "400", "500", "502"},
	"POST /registry/login":         {"200", "400", "401", "500", "502"},
}

// TestGoldensCoverTheDocument: each endpoint has a golden for each of its
// statuses, and its document has those and no other.
func TestGoldensCoverTheDocument(t *testing.T) {
	seen := map[string]bool{}
	for _, script := range wiretest.Load(t, goldens) {
		for _, exchange := range script.Exchanges() {
			endpoint, _, _ := strings.Cut(exchange.Request, "?")
			seen[endpoint+" "+exchange.Status] = true
		}
	}
	routes := registry.New(registry.Options{}).Routes
	require.Len(t, routes, len(statuses))
	for _, route := range routes {
		endpoint := route.Method + " " + route.Path
		want, ok := statuses[endpoint]
		require.True(t, ok, "%s has no statuses", endpoint)
		for _, status := range want {
			require.True(t, seen[endpoint+" "+status], "%s has no golden for %s", endpoint, status)
		}
		item := published(t).Doc.Paths.Value(route.Path)
		require.NotNil(t, item, endpoint)
		documented := slices.Sorted(maps.Keys(item.GetOperation(route.Method).Responses.Map()))
		all := slices.Compact(slices.Sorted(slices.Values(slices.Concat(want, []string{"413", "415", "429", "503"}))))
		require.Equal(t, all, documented, endpoint)
	}
}

func TestDocumentIsValid(t *testing.T) {
	doc := published(t).Doc
	require.NoError(t, doc.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.IsOpenAPI31OrLater()))
	documented := 0
	for _, item := range doc.Paths.Map() {
		documented += len(item.Operations())
	}
	require.Len(t, statuses, documented)
}
