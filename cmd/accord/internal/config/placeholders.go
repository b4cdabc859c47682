package config

import (
	"reflect"
	"regexp"
	"strings"
)

// placeholder matches the values that `accord config init` writes to be replaced,
// and those that people write for the same purpose.
var placeholder = regexp.MustCompile(`EXAMPLE\.COM|:PASSWORD@|\(HOST[:)]|(?i:\b(change|replace)[-_ ]?me\b)`)

// placeholders returns a risk for each setting that was not set yet. Reasons hold
// no value: it may be a secret.
func placeholders(c Config) []Risk {
	var found []Risk
	for _, s := range settingsOf(&c) {
		if placeholder.MatchString(s.text()) {
			found = append(found, Risk{s.key, "is still a placeholder, as `accord config init` writes it; set your own value"})
		}
	}
	return found
}

// text is the value of a setting that is text or a list of texts, else empty.
func (s setting) text() string {
	if list, ok := s.field.Interface().([]string); ok {
		return strings.Join(list, "\n")
	}
	if s.field.Kind() == reflect.String {
		return s.field.String()
	}
	return ""
}
