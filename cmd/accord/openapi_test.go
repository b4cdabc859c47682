package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"accord/api"
	"accord/api/community"
	"accord/api/infinite"
	"accord/api/jpress"
	"accord/api/oauth"
	"accord/api/portal"
	"accord/api/registry"
	sessionapi "accord/api/session"
)

// On the page of documents, an operation without a tag stands under "default".
func TestOperationsHaveTags(t *testing.T) {
	for _, d := range []api.Dialect{
		infinite.New(infinite.Options{}), portal.New(portal.Options{}), community.New(community.Options{}), jpress.New(jpress.Options{}),
		registry.New(registry.Options{}), oauth.New(oauth.Options{}), sessionapi.New(sessionapi.Options{Envelope: infinite.Envelope{}}),
	} {
		var document struct {
			Tags  []struct{ Name string }
			Paths map[string]map[string]yaml.Node
		}
		require.NoError(t, yaml.Unmarshal(d.OpenAPI, &document), d.Name)
		var declared []string
		for _, tag := range document.Tags {
			declared = append(declared, tag.Name)
		}
		for path, item := range document.Paths {
			for method, node := range item {
				var operation struct {
					OperationID string `yaml:"operationId"`
					Tags        []string
				}
				if node.Kind != yaml.MappingNode {
					continue // parameters of the path
				}
				require.NoError(t, node.Decode(&operation))
				require.NotEmpty(t, operation.Tags, "%s: %s %s", d.Name, method, path)
				require.Subset(t, declared, operation.Tags, "%s: %s %s", d.Name, method, path)
			}
		}
	}
}
