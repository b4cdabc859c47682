package api

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// TestFieldRulesNameTheRule: every rule has words in both languages, with or
// without a field of its own, and they say more than that something is not allowed.
func TestFieldRulesNameTheRule(t *testing.T) {
	for _, rule := range []app.Rule{
		app.NotBlank, app.Length, app.Pattern, app.EmailSyntax, app.NotContainsDict, app.TypeMismatch, app.Past, app.Reused, app.Fixed,
	} {
		_, ofField := FieldRule(app.Violation{Field: "some", Rule: rule})
		require.False(t, ofField)
		said := FieldMessage(app.Violation{Field: "some", Rule: rule}, "thing")
		require.True(t, strings.HasPrefix(said.ZH, "thing"), said.ZH)
		require.True(t, strings.HasPrefix(said.EN, "thing "), said.EN)
		require.NotEqual(t, "thing is not valid", said.EN, rule)
	}
	for _, field := range app.Fields(nil) {
		rule := FieldMessage(app.Violation{Field: field.Name, Rule: app.Length}, "thing")
		require.Equal(t, Phrase{ZH: field.ZH, EN: field.EN}, rule)
		require.NotEmpty(t, rule.ZH, field.Name)
		require.NotEmpty(t, rule.EN, field.Name)
	}
	require.Contains(t, FieldMessage(app.Violation{Field: "username", Rule: app.Pattern}, "").ZH, "1–40位字母、数字、-、_或.")
	require.Equal(t, Phrase{ZH: "x不正确", EN: "x is not valid"}, FieldMessage(app.Violation{Rule: "new"}, "x"))
}
