package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"accord/app"
)

// rulesPath is where the definitions of the fields are.
const rulesPath = "/api/rules.json"

// ruleBook is what front-ends build their forms from.
type ruleBook struct {
	// Fields are by the use cases' names.
	Fields map[string]fieldRule `json:"fields"`
	// Dialects have what differs in a dialect.
	Dialects map[string]dialectRules `json:"dialects"`
}

type dialectRules struct {
	// Names are the dialect's names of fields that it calls otherwise.
	Names map[string]string `json:"names"`
	// Fields are those that the dialect's document limits further.
	Fields map[string]fieldRule `json:"fields"`
}

type fieldRule struct {
	Required bool `json:"required"`
	// Min and Max are in characters (code points), of the normalised text.
	Min           int               `json:"min"`
	Max           int               `json:"max"`
	Pattern       string            `json:"pattern"`
	Patterns      map[string]string `json:"patterns,omitempty"`
	Except        []string          `json:"except,omitempty"`
	ExceptEndings []string          `json:"exceptEndings,omitempty"`
	OneOf         []string          `json:"oneOf,omitempty"`
	Earliest      string            `json:"earliest,omitempty"`
	Normalisation []app.Step        `json:"normalisation"`
	Messages      wording           `json:"messages"`
}

type wording struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

func newRuleBook(countries []string, dialects []Dialect) ruleBook {
	book := ruleBook{Fields: map[string]fieldRule{}, Dialects: map[string]dialectRules{}}
	for _, field := range app.Fields(countries) {
		book.Fields[field.Name] = newFieldRule(field)
	}
	numbers := book.Fields["mobile"]
	numbers.Patterns = map[string]string{}
	for _, country := range countries {
		numbers.Patterns[country] = app.NumberPattern(country)
	}
	days := book.Fields["birthday"]
	days.Earliest = app.FirstBirthday.Format("2006-01-02")
	book.Fields["mobile"], book.Fields["birthday"] = numbers, days
	for _, d := range dialects {
		if len(d.Names)+len(d.Fields) == 0 {
			continue
		}
		own := dialectRules{Names: map[string]string{}, Fields: map[string]fieldRule{}}
		for name, there := range d.Names {
			own.Names[name] = there
		}
		for _, field := range d.Fields {
			own.Fields[field.Name] = newFieldRule(field)
		}
		book.Dialects[d.Name] = own
	}
	return book
}

func newFieldRule(f app.Field) fieldRule {
	return fieldRule{
		Required: f.Required, Min: f.Min, Max: f.Max, Pattern: f.Pattern, Except: f.Except, ExceptEndings: f.ExceptEndings, OneOf: f.OneOf,
		Normalisation: append([]app.Step{}, f.Steps...), Messages: wording{ZH: f.ZH, EN: f.EN},
	}
}

// rules serves the definitions, which change only with the configuration.
func rules(countries []string, dialects []Dialect) (echo.HandlerFunc, error) {
	text, err := json.Marshal(newRuleBook(countries, dialects))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return func(c echo.Context) error {
		header := c.Response().Header()
		header.Set(echo.HeaderCacheControl, "public, max-age=300")
		header.Set("ETag", tag)
		if strings.Contains(c.Request().Header.Get("If-None-Match"), tag) {
			return c.NoContent(http.StatusNotModified)
		}
		return c.JSONBlob(http.StatusOK, text)
	}, nil
}

// fillSchemas gives every schema of a document that names a field in x-field the
// limits of the field's definition. What the schema says itself stays; with a
// minLength of 0 it takes an empty text too.
func fillSchemas(node any, own []app.Field, lang string) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			fillSchemas(item, own, lang)
		}
	case map[string]any:
		if name, ok := node["x-field"].(string); ok {
			if field, known := definition(name, own); known {
				fillSchema(node, field, lang)
			}
		}
		for _, item := range node {
			fillSchemas(item, own, lang)
		}
	}
}

// definition is the dialect's own definition of the field, or everyone's.
func definition(name string, own []app.Field) (app.Field, bool) {
	for _, field := range own {
		if field.Name == name {
			return field, true
		}
	}
	return app.FieldNamed(name)
}

func fillSchema(schema map[string]any, f app.Field, lang string) {
	pattern := f.Pattern
	if least, given := schema["minLength"]; given && least == 0 || !f.Required {
		pattern = "^$|" + pattern
	} else {
		schema["minLength"] = max(f.Min, 1)
	}
	for key, value := range map[string]any{"type": "string", "maxLength": f.Max, "pattern": pattern, "description": Phrase{ZH: f.ZH, EN: f.EN + "."}.In(lang)} {
		if _, given := schema[key]; !given {
			schema[key] = value
		}
	}
}
