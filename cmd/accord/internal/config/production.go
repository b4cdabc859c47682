package config

import _ "embed"

//go:embed production.yaml
var production []byte

// Production returns a commented configuration for production in YAML. It has
// every setting that a deployment decides, and names files for the secrets.
func Production() []byte { return production }
