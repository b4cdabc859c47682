package wiretest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"accord/api"
)

// Contract is a dialect's OpenAPI document, to hold answers against. Safe for
// concurrent use.
type Contract struct {
	Doc    *openapi3.T
	router routers.Router
	// succeeded reports whether an answer's body tells of success.
	succeeded func(body string) bool
}

// NewContract reads the document as a server has it. succeeded tells the bodies
// of success from others; the router knows every documented path.
func NewContract(d api.Dialect, succeeded func(body string) bool) (Contract, error) {
	h, err := api.New(api.Options{Dialects: []api.Dialect{d}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return Contract{}, err
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi/"+d.Name+".json", nil))
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		return Contract{}, err
	}
	router, err := legacy.NewRouter(doc)
	return Contract{doc, router, succeeded}, err
}

// Checked serves requests by next and fails the test where an answer is not
// documented, or where a body that the document forbids was taken.
func (c Contract) Checked(t testing.TB, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent, unread := io.ReadAll(r.Body)
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(sent), brokenOff{unread}))
		got := httptest.NewRecorder()
		next.ServeHTTP(got, r)
		if err := c.Check(r, sent, got); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		}
		for name, values := range got.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(got.Code)
		_, _ = w.Write(got.Body.Bytes())
	})
}

// brokenOff is the end of a body, as it was read.
type brokenOff struct{ err error }

func (b brokenOff) Read([]byte) (int, error) {
	if b.err == nil {
		return 0, io.EOF
	}
	return 0, b.err
}

// Check names what is not documented about an exchange. Its errors quote no
// body, which may hold secrets.
func (c Contract) Check(r *http.Request, sent []byte, got *httptest.ResponseRecorder) error {
	route := c.routeOf(r, got.Code)
	if route == nil {
		return fmt.Errorf("status %d of a path or method that is not documented", got.Code)
	}
	if c.succeeded(got.Body.String()) {
		if err := c.taken(route, r, sent); err != nil {
			return fmt.Errorf("taken, but the document forbids it: %s", reason(err))
		}
	}
	if err := answered(route, r, got); err != nil {
		return fmt.Errorf("status %d is not as documented: %s", got.Code, reason(err))
	}
	return nil
}

// taken checks a request that was carried out.
func (c Contract) taken(route *routers.Route, r *http.Request, sent []byte) error {
	r = r.Clone(context.WithoutCancel(r.Context()))
	r.Body = io.NopCloser(bytes.NewReader(sent))
	if r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	_, inPath, _ := c.router.FindRoute(r)
	return openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r, Route: route, PathParams: inPath, Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
			// A picture is not the schema's to judge.
			ExcludeRequestBody: route.Path == "/api/file/upload",
		},
	})
}

func answered(route *routers.Route, r *http.Request, got *httptest.ResponseRecorder) error {
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: route},
		Status:                 got.Code, Header: got.Header(), Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	return openapi3filter.ValidateResponse(context.WithoutCancel(r.Context()), in.SetBodyBytes(got.Body.Bytes()))
}

// Answers checks one answer of status 200 to a request of that method and path.
func (c Contract) Answers(method, path, body string) error {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Request-Id", "1")
	_, _ = io.WriteString(w, body)
	r := httptest.NewRequest(method, path, nil)
	return answered(c.routeOf(r, w.Code), r, w)
}

// routeOf is the documented route of a request, else one that has the answer to
// paths and methods that there are not; nil where that was not the answer.
func (c Contract) routeOf(r *http.Request, status int) *routers.Route {
	if route, _, err := c.router.FindRoute(r); err == nil {
		return route
	}
	name, ok := map[int]string{http.StatusNotFound: "NotFound", http.StatusMethodNotAllowed: "WrongMethod"}[status]
	if !ok {
		return nil
	}
	responses := openapi3.NewResponses(openapi3.WithStatus(status, c.Doc.Components.Responses[name]))
	return &routers.Route{Spec: c.Doc, Operation: &openapi3.Operation{Responses: responses}}
}

// reason says where a value breaks which rule of the document.
func reason(err error) string {
	var broken *openapi3.SchemaError
	if !errors.As(err, &broken) {
		return err.Error()
	}
	var parts openapi3.MultiError
	if broken.Origin == nil || !errors.As(broken.Origin, &parts) {
		return "/" + strings.Join(broken.JSONPointer(), "/") + " " + broken.SchemaField
	}
	reasons := make([]string, len(parts))
	for i, part := range parts {
		reasons[i] = reason(part)
	}
	return strings.Join(reasons, ", ")
}
