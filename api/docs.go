package api

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"

	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v3"
)

// docsFiles are the page that shows the documents and what it loads, which is ours
// but for docs/swagger-ui: Swagger UI 5.35.0 as published, under its own LICENSE.
//
//go:embed docs.html docs
var docsFiles embed.FS

// docsPolicy lets the page load what this server has and nothing else, and ask
// this server only. Swagger UI's pictures are part of its style sheet.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// docs are the interface documents of a server's dialects, in JSON, and the
// page that shows them. They do not change once made.
type docs struct {
	names []string
	json  map[string][]byte
	page  *template.Template
}

// newDocs reads the documents of the dialects that have one.
func newDocs(dialects []Dialect) (*docs, error) {
	page, err := template.ParseFS(docsFiles, "docs.html")
	if err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	d := &docs{json: map[string][]byte{}, page: page}
	for _, dialect := range dialects {
		if len(dialect.OpenAPI) == 0 {
			continue
		}
		if d.json[dialect.Name], err = toJSON(dialect.OpenAPI); err != nil {
			return nil, fmt.Errorf("api: OpenAPI document of %s: %w", dialect.Name, err)
		}
		d.names = append(d.names, dialect.Name)
	}
	return d, nil
}

func toJSON(document []byte) ([]byte, error) {
	var tree map[string]any
	if err := yaml.Unmarshal(document, &tree); err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}

// route serves the documents, unless there are none.
func (d *docs) route(e *echo.Echo) {
	if len(d.names) == 0 {
		return
	}
	for _, name := range d.names {
		e.Match(probe, "/openapi/"+name+".json", func(c echo.Context) error { return c.JSONBlob(http.StatusOK, d.json[name]) })
		e.Match(probe, "/docs/"+name, d.show(name))
	}
	e.Match(probe, "/docs", d.show(d.names[0]))
	assets := e.Group("/docs/assets", cached)
	assets.StaticFS("/", echo.MustSubFS(docsFiles, "docs"))
}

// show answers with the page, one of the documents opened.
func (d *docs) show(name string) echo.HandlerFunc {
	return func(c echo.Context) error {
		var page bytes.Buffer
		err := d.page.Execute(&page, struct {
			Names []string
			Shown string
		}{d.names, name})
		if err != nil {
			return err
		}
		c.Response().Header().Set(echo.HeaderContentSecurityPolicy, docsPolicy)
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
