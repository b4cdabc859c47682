package api

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v3"
)

// docsFiles are the page that shows the documents and what it loads, which is ours
// but for docs/swagger-ui: Swagger UI 5.35.0 as published, under its own LICENSE.
//
//go:embed docs.html docs docs.zh.yaml
var docsFiles embed.FS

// docsPolicy lets the page load what this server has and nothing else, and ask
// this server only. Swagger UI's pictures are part of its style sheet.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// docs are the interface documents of a server's dialects, in JSON, and the
// page that shows them. They do not change once made.
type docs struct {
	names []string
	// json are the documents by the names of their files.
	json map[string][]byte
	page *template.Template
}

// newDocs reads the documents of the dialects that have one.
func newDocs(dialects []Dialect) (*docs, error) {
	page, err := template.ParseFS(docsFiles, "docs.html")
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	inChinese, err := translations()
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	d := &docs{json: map[string][]byte{}, page: page}
	for _, dialect := range dialects {
		if len(dialect.OpenAPI) == 0 {
			continue
		}
		for lang, said := range map[string]map[string]string{English: nil, Chinese: inChinese} {
			if d.json[documentOf(dialect.Name, lang)], err = toJSON(dialect, lang, said); err != nil {
				return nil, fmt.Errorf("api: OpenAPI document of %s: %w", dialect.Name, err)
			}
		}
		d.names = append(d.names, dialect.Name)
	}
	return d, nil
}

// documentOf is the name of a dialect's document in a language.
func documentOf(name, lang string) string {
	if lang == Chinese {
		return name + ".zh.json"
	}
	return name + ".json"
}

// translations are what documents say, in Chinese, by the English text.
func translations() (said map[string]string, err error) {
	text, err := docsFiles.ReadFile("docs.zh.yaml")
	if err == nil {
		err = yaml.Unmarshal(text, &said)
	}
	return said, err
}

// toJSON reads a dialect's document, fills in the limits of fields, and says in
// other words what it has others for.
func toJSON(d Dialect, lang string, said map[string]string) ([]byte, error) {
	var tree map[string]any
	if err := yaml.Unmarshal(d.OpenAPI, &tree); err != nil {
		return nil, err
	}
	fillSchemas(tree, d.Fields, lang)
	translate(tree, said)
	return json.Marshal(tree)
}

// translate replaces titles, summaries and descriptions that have other words, and
// a description by the x-zh beside it.
func translate(node any, said map[string]string) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			translate(item, said)
		}
	case map[string]any:
		if whole, has := node["x-zh"]; has && said != nil {
			node["description"] = whole
		}
		delete(node, "x-zh")
		for key, item := range node {
			translate(item, said)
			if text, isText := item.(string); isText && said[text] != "" && slices.Contains([]string{"title", "summary", "description"}, key) {
				node[key] = said[text]
			}
		}
	}
}

// route serves the documents, unless there are none.
func (d *docs) route(e *echo.Echo) {
	if len(d.names) == 0 {
		return
	}
	for file, document := range d.json {
		e.Match(probe, "/openapi/"+file, func(c echo.Context) error { return c.JSONBlob(http.StatusOK, document) })
	}
	for _, name := range d.names {
		e.Match(probe, "/docs/"+name, d.show(name))
	}
	e.Match(probe, "/docs", d.show(d.names[0]))
	assets := e.Group("/docs/assets", cached)
	assets.StaticFS("/", echo.MustSubFS(docsFiles, "docs"))
}

// show answers with the page, one of the documents opened, in the language of the
// parameter lang, or else that of messages.
func (d *docs) show(name string) echo.HandlerFunc {
	return func(c echo.Context) error {
		lang := c.QueryParam("lang")
		if lang != Chinese && lang != English {
			lang = Language(c)
		}
		var page bytes.Buffer
		err := d.page.Execute(&page, struct {
			Names                 []string
			Shown, Lang, Document string
			Chinese               bool
		}{d.names, name, lang, documentOf(name, lang), lang == Chinese})
		if err != nil {
			return err
		}
		c.Response().Header().Set(echo.HeaderContentSecurityPolicy, docsPolicy)
		c.Response().Header().Add(echo.HeaderVary, "Accept-Language")
		return c.HTMLBlob(http.StatusOK, page.Bytes())
	}
}

// cached lets browsers keep what holds no secret for an hour.
func cached(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age=3600")
		return next(c)
	}
}
