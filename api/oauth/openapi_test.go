package oauth_test

import (
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"accord/api/oauth"
)

func TestTheDocumentDescribesTheRoutes(t *testing.T) {
	dialect := oauth.New(oauth.Options{})
	doc, err := openapi3.NewLoader().LoadFromData(dialect.OpenAPI)
	require.NoError(t, err)
	require.NoError(t, doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater()))
	require.Equal(t, len(dialect.Routes), doc.Paths.Len())
	for _, route := range dialect.Routes {
		require.Equal(t, http.MethodPost, route.Method)
		require.Len(t, doc.Paths.Value(route.Path).Post.RequestBody.Value.Content, len(route.MediaTypes))
	}
	// The documented bodies have every member and no other.
	active := doc.Components.Schemas["Active"].Value
	require.Len(t, active.Properties, len(active.Required))
}
