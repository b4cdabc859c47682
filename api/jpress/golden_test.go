package jpress_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"accord/api/jpress"
	"accord/api/wiretest"
)

// TestGoldens replays every documented request and state.
func TestGoldens(t *testing.T) {
	wiretest.Replay(t, wiretest.Load(t, goldens), func(t *testing.T) wiretest.Target {
		s := newStage(t)
		return wiretest.Target{URL: s.URL, Setup: s.Setup}
	})
}

// TestOpenGoldens replays what is different where the operator has opened create
// to everybody.
func TestOpenGoldens(t *testing.T) {
	wiretest.Replay(t, wiretest.Load(t, goldens+"_open"), func(t *testing.T) wiretest.Target {
		s := newStageWith(t, jpress.Options{OpenCreate: true})
		return wiretest.Target{URL: s.URL, Setup: s.Setup}
	})
}

// TestGoldensCoverTheDocument: each route is documented, and has goldens of
// success and of failure.
func TestGoldensCoverTheDocument(t *testing.T) {
	stateLine := regexp.MustCompile(`"state": "(\w+)"`)
	seen := map[string]bool{}
	for _, script := range wiretest.Load(t, goldens) {
		for _, exchange := range script.Exchanges() {
			endpoint, _, _ := strings.Cut(exchange.Request, "?")
			if state := stateLine.FindStringSubmatch(exchange.Body); state != nil {
				seen[endpoint+" "+state[1]] = true
			}
		}
	}
	doc := published(t).Doc
	routes := jpress.New(jpress.Options{}).Routes
	for _, route := range routes {
		endpoint := route.Method + " " + route.Path
		require.True(t, seen[endpoint+" ok"], endpoint)
		require.True(t, seen[endpoint+" fail"], endpoint)
		require.NotNil(t, doc.Paths.Value(route.Path).GetOperation(route.Method), endpoint)
	}
	documented := 0
	for _, item := range doc.Paths.Map() {
		documented += len(item.Operations())
	}
	require.Len(t, routes, documented)
}

func TestDocumentIsValid(t *testing.T) {
	doc := published(t).Doc
	require.NoError(t, doc.Validate(t.Context(), openapi3.EnableExamplesValidation(), openapi3.IsOpenAPI31OrLater()))
}
