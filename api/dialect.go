package api

import (
	"cmp"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"accord/app"
)

// Dialect is one wire language over the use cases.
type Dialect struct {
	// Name is unique among the dialects of a server.
	Name string
	// Prefix is how the paths begin whose failures the dialect writes where no
	// route matched.
	Prefix string
	Routes []Route
	// WriteError answers a request that failed with err: an *echo.HTTPError, an
	// *app.Error, or anything else, which is a defect. Its own error tells that
	// the client could not be written to.
	WriteError func(c echo.Context, err error) error
	// OpenAPI is the dialect's interface document, in YAML or JSON. Where there
	// is one the server has it at /openapi/NAME.json and shows it at /docs.
	OpenAPI []byte
	// Names are the dialect's names of fields that the use cases call otherwise, by
	// the use cases' names.
	Names map[string]string
	// Fields are the definitions of fields that the dialect's document limits
	// further than the use cases do.
	Fields []app.Field
}

// Route is one endpoint. Dialects may share a method and path if no media type
// is claimed twice.
type Route struct {
	Method, Path string
	// MediaTypes are the request bodies the route takes; a request that names no
	// type is taken too. None at all: the route reads no body and takes any.
	MediaTypes []string
	// BodyLimit is the largest request body in bytes; the server's where zero.
	BodyLimit int64
	// ReadOnly routes change nothing, whatever their method, so that requests to
	// them may always be carried out again. GET and HEAD never do.
	ReadOnly bool
	// Handler serves the request or returns what Dialect.WriteError is to write.
	Handler echo.HandlerFunc
}

// changes reports whether carrying a request out twice may differ from once.
func (r Route) changes() bool {
	return !r.ReadOnly && r.Method != http.MethodGet && r.Method != http.MethodHead
}

// endpoint is a method and path.
type endpoint struct{ method, path string }

// claim is one dialect's route at an endpoint.
type claim struct {
	dialect *Dialect
	route   Route
}

// table knows which dialect owns a request. It does not change once made.
type table struct {
	dialects []Dialect
	claims   map[endpoint][]claim
}

// newTable puts repeats, if not nil, around the handlers of routes that change
// things.
func newTable(dialects []Dialect, repeats echo.MiddlewareFunc) (*table, error) {
	t := &table{dialects: dialects, claims: map[endpoint][]claim{}}
	for i := range dialects {
		for _, route := range dialects[i].Routes {
			at := endpoint{route.Method, route.Path}
			for _, other := range t.claims[at] {
				if overlap(route, other.route) {
					return nil, fmt.Errorf("api: %s and %s both serve %s %s", dialects[i].Name, other.dialect.Name, at.method, at.path)
				}
			}
			if repeats != nil && route.changes() {
				route.Handler = repeats(route.Handler)
			}
			if route.BodyLimit > 0 {
				route.Handler = middleware.BodyLimit(inBytes(route.BodyLimit))(route.Handler)
			}
			t.claims[at] = append(t.claims[at], claim{&dialects[i], route})
		}
	}
	return t, nil
}

func overlap(a, b Route) bool {
	return len(a.MediaTypes) == 0 && len(b.MediaTypes) == 0 || slices.ContainsFunc(a.MediaTypes, func(mediaType string) bool {
		return slices.Contains(b.MediaTypes, mediaType)
	})
}

// choose picks the claim that takes the request's body. A request without body, of a type
// that no claim names, gets the first one.
func choose(c echo.Context, claims []claim) (chosen claim, ok bool) {
	chosen, ok = byMediaType(claims, mediaTypeOf(c))
	if !ok && c.Request().ContentLength == 0 {
		return byMediaType(claims, "")
	}
	return chosen, ok
}

// byMediaType picks the claim that names the media type, else one that takes any;
// the first for a request that names none.
func byMediaType(claims []claim, mediaType string) (chosen claim, ok bool) {
	for _, c := range claims {
		switch {
		case mediaType == "" || slices.Contains(c.route.MediaTypes, mediaType):
			return c, true
		case len(c.route.MediaTypes) == 0:
			chosen, ok = c, true
		}
	}
	return chosen, ok
}

// serve is the handler of an endpoint: that of the dialect whose media type the
// request has.
func serve(claims []claim) echo.HandlerFunc {
	return func(c echo.Context) error {
		chosen, ok := choose(c, claims)
		if !ok {
			return echo.ErrUnsupportedMediaType
		}
		if encoded(c.Request()) {
			return errEncoded
		}
		setOrigin(c, chosen.dialect.Name)
		return chosen.route.Handler(c)
	}
}

// errEncoded refuses a compressed body: nothing here reads one.
var errEncoded = &explained{echo.ErrUnsupportedMediaType, Phrase{
	ZH: "请求体不能压缩：请去掉Content-Encoding", EN: "The body is compressed: send it without Content-Encoding",
}}

// encoded reports whether the request has a body that is not sent as it is.
func encoded(r *http.Request) bool {
	coding := r.Header.Get(echo.HeaderContentEncoding)
	return r.ContentLength != 0 && coding != "" && !strings.EqualFold(coding, "identity")
}

// mediaTypes are the bodies that the request's path and method take.
func (t *table) mediaTypes(c echo.Context) []string {
	var all []string
	for _, claim := range t.claims[endpoint{c.Request().Method, c.Path()}] {
		all = append(all, claim.route.MediaTypes...)
	}
	return all
}

// limit is the largest body that the route which the request met takes; general where
// it has no limit of its own.
func (t *table) limit(c echo.Context, general int64) int64 {
	chosen, _ := choose(c, t.claims[endpoint{c.Request().Method, c.Path()}])
	return cmp.Or(chosen.route.BodyLimit, general)
}

// ownLimit reports whether the request met a route with a body limit of its own.
func (t *table) ownLimit(c echo.Context) bool {
	chosen, ok := choose(c, t.claims[endpoint{c.Request().Method, c.Path()}])
	return ok && chosen.route.BodyLimit > 0
}

// owner is the dialect that answers for a failed request: the one whose route
// it met, else one that has the path with another method, else that of the
// longest prefix, among equals one that takes the media type, else the first.
// It is nil where there is no dialect.
func (t *table) owner(c echo.Context) *Dialect {
	mediaType := mediaTypeOf(c)
	claims := t.claims[endpoint{c.Request().Method, c.Path()}]
	if chosen, ok := choose(c, claims); ok {
		return chosen.dialect
	}
	if len(claims) > 0 {
		return claims[0].dialect
	}
	var best *Dialect
	highest := 0
	for i := range t.dialects {
		if rank := t.dialects[i].rank(c, mediaType); best == nil || rank > highest {
			best, highest = &t.dialects[i], rank
		}
	}
	return best
}

// rank orders dialects by how near a request that no route matched is to
// theirs.
func (d Dialect) rank(c echo.Context, mediaType string) int {
	var rank int
	path := c.Request().URL.Path
	switch {
	case slices.ContainsFunc(d.Routes, func(r Route) bool { return r.Path == c.Path() }):
		rank = 1 + 2*len(path)
	case strings.HasPrefix(path, d.Prefix):
		rank = 1 + 2*len(d.Prefix)
	default:
		return 0
	}
	if slices.ContainsFunc(d.Routes, func(r Route) bool { return slices.Contains(r.MediaTypes, mediaType) }) {
		rank++
	}
	return rank
}

// mediaTypeOf is the request's media type without parameters: empty where none
// is named, and one that nobody takes where it is garbled.
func mediaTypeOf(c echo.Context) string {
	named := c.Request().Header.Get(echo.HeaderContentType)
	if named == "" {
		return ""
	}
	mediaType, _, err := mime.ParseMediaType(named)
	if err != nil {
		return "garbled"
	}
	return mediaType
}
