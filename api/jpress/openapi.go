package jpress

import (
	_ "embed" // for the document
	"slices"
)

// The interface document of the dialect, OpenAPI 3.1. Each half is a YAML
// mapping, and so are both together.
var (
	//go:embed openapi/paths.yaml
	paths []byte
	//go:embed openapi/components.yaml
	components []byte
)

func document() []byte { return slices.Concat(paths, components) }
