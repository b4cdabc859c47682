package api_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
	"pgregory.net/rapid"

	"accord/api"
	"accord/api/community"
	"accord/api/infinite"
	"accord/api/jpress"
	"accord/api/portal"
	"accord/api/registry"
	"accord/api/wiretest/stage"
	"accord/app"
)

// published is a rule as a front-end reads it.
type published struct {
	Required             bool
	Min, Max             int
	Pattern              string
	Patterns             map[string]string
	Except               []string
	ExceptEndings        []string
	OneOf, Normalisation []string
	Messages             struct{ ZH, EN string }
}

type book struct {
	Fields   map[string]published
	Dialects map[string]struct {
		Names  map[string]string
		Fields map[string]published
	}
}

func everyDialect(s *app.Service) []api.Dialect {
	return []api.Dialect{
		infinite.New(infinite.Options{Service: s, Zone: stage.Zone}), portal.New(portal.Options{Service: s}),
		community.New(community.Options{Service: s, Zone: stage.Zone}), jpress.New(jpress.Options{Service: s, Zone: stage.Zone}),
		registry.New(registry.Options{Service: s}),
	}
}

func readBook(t *testing.T) book {
	t.Helper()
	h := serve(t, api.Options{Dialects: everyDialect(nil), Countries: []string{"86", "852"}})
	w := answer(h, request("GET", "/api/rules.json", ""))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	var all book
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &all))
	return all
}

// TestRulesAreCached: a browser asks again whether they changed.
func TestRulesAreCached(t *testing.T) {
	h := serve(t, api.Options{Countries: []string{"86"}})
	w := answer(h, request("GET", "/api/rules.json", ""))
	tag := w.Header().Get("ETag")
	require.Regexp(t, `^"[0-9a-f]{32}"$`, tag)
	require.Equal(t, "public, max-age=300", w.Header().Get("Cache-Control"))
	same := answer(h, request("GET", "/api/rules.json", "", "If-None-Match", `"other", W/`+tag))
	require.Equal(t, http.StatusNotModified, same.Code)
	require.Empty(t, same.Body.Bytes())
	other := answer(serve(t, api.Options{Countries: []string{"852"}}), request("GET", "/api/rules.json", "", "If-None-Match", tag))
	require.Equal(t, http.StatusOK, other.Code)
}

func TestRulesNameEveryField(t *testing.T) {
	all := readBook(t)
	for _, name := range []string{
		"username", "email", "password", "nickname", "description", "website", "location", "mobile", "internationalCode", "avatarUrl", "birthday", "code", "sign",
	} {
		rule, there := all.Fields[name]
		require.True(t, there, name)
		require.NotEmpty(t, rule.Messages.ZH, name)
		require.NotEmpty(t, rule.Messages.EN, name)
		require.NotNil(t, rule.Normalisation, name)
	}
	require.Equal(t, []string{"86", "852"}, all.Fields["internationalCode"].OneOf)
	require.Equal(t, map[string]string{"86": "^1[0-9]{10}$", "852": "^[0-9]{8}$"}, all.Fields["mobile"].Patterns)
	require.Equal(t, 12, all.Dialects["registry"].Fields["username"].Max)
	require.Equal(t, "phone", all.Dialects["registry"].Names["mobile"])
	require.Equal(t, "name", all.Dialects["community"].Names["nickname"])
	require.Equal(t, "signature", all.Dialects["jpress"].Names["sign"])
}

// TestDocumentsHaveTheLimitsOfTheirFields: whatever schema names a field, in the
// document of whatever dialect.
func TestDocumentsHaveTheLimitsOfTheirFields(t *testing.T) {
	h := serve(t, api.Options{Dialects: everyDialect(nil)})
	all := readBook(t)
	for _, name := range []string{"infinite", "portal", "community", "jpress", "registry"} {
		var tree map[string]any
		require.NoError(t, json.Unmarshal(answer(h, request("GET", "/openapi/"+name+".json", "")).Body.Bytes(), &tree))
		named := 0
		visit(tree, func(schema map[string]any) {
			field, isField := schema["x-field"].(string)
			if !isField {
				return
			}
			named++
			rule, own := all.Dialects[name].Fields[field]
			if !own {
				rule = all.Fields[field]
			}
			require.EqualValues(t, rule.Max, schema["maxLength"], "%s in %s", field, name)
			require.Equal(t, rule.Pattern, strings.TrimPrefix(schema["pattern"].(string), "^$|"), "%s in %s", field, name)
			require.NotEmpty(t, schema["description"], "%s in %s", field, name)
		})
		require.Positive(t, named, name)
	}
}

// visit shows every object of a tree.
func visit(node any, show func(map[string]any)) {
	switch node := node.(type) {
	case []any:
		for _, item := range node {
			visit(item, show)
		}
	case map[string]any:
		show(node)
		for _, item := range node {
			visit(item, show)
		}
	}
}

// What a front-end does to normalise a text, by the names of the steps.
var does = map[string]func(string) string{
	"trim": strings.TrimSpace, "width": width.Fold.String, "nfc": norm.NFC.String, "upper": strings.ToUpper,
	"spaces": func(s string) string {
		return strings.TrimSpace(regexp.MustCompile(`\p{Zs}+`).ReplaceAllString(s, " "))
	},
	"breaks": func(s string) string {
		return regexp.MustCompile("\r\n|[\r\u0085\u2028\u2029]").ReplaceAllString(s, "\n")
	},
	"scheme": func(s string) string {
		scheme := regexp.MustCompile(`^[A-Za-z][0-9A-Za-z+.-]*://`).FindString(s)
		switch {
		case s != "" && scheme == "":
			return "https://" + s
		case strings.EqualFold(scheme, "http://") || strings.EqualFold(scheme, "https://"):
			return strings.ToLower(scheme) + s[len(scheme):]
		}
		return s
	},
	"separators": func(s string) string { return regexp.MustCompile(`[\s\p{Z}().\-\p{Pd}]`).ReplaceAllString(s, "") },
	"plus":       func(s string) string { return strings.TrimLeft(s, " +0") },
	"prefix":     func(s string) string { return regexp.MustCompile(`^(?:\+|00)86(.+)$`).ReplaceAllString(s, "$1") },
}

// accepts judges as a front-end does that knows only what is published.
func (p published) accepts(text string) bool {
	for _, step := range p.Normalisation {
		text = does[step](text)
	}
	length, key := utf8.RuneCountInString(text), strings.ToLower(text)
	switch {
	case strings.TrimSpace(text) == "":
		return !p.Required && text == ""
	case !utf8.ValidString(text), length < p.Min, length > p.Max, !regexp.MustCompile(p.Pattern).MatchString(text):
		return false
	case p.Patterns != nil && !regexp.MustCompile(p.Patterns["86"]).MatchString(text):
		return false
	case len(p.OneOf) > 0:
		return slices.Contains(p.OneOf, text)
	}
	return !slices.Contains(p.Except, key) && !slices.ContainsFunc(p.ExceptEndings, func(end string) bool { return strings.HasSuffix(key, end) })
}

// forms are texts of the shape of each field, most of them within a hair of it.
func forms() *rapid.Generator[string] {
	pieces := rapid.SampledFrom([]string{
		"a", "Z", "9", "张", "·", "e\u0301", "\u0301", " ", "\u3000", "\t", "\n", "\r\n", "\u2028", "-", "_", ".", "@", "+86", "http://", "HTTPS://", "example.com",
		"/", "%41", "%", "?", "#", ":", "\u200b", "\u202e", "❤\ufe0f", "👩\u200d🚀", "\u3164", "\x00", "\xff", "\ufffd", "1\ufe0f\u20e3", "138",
	})
	return rapid.OneOf(
		rapid.Map(rapid.SliceOfN(pieces, 0, 8), func(all []string) string { return strings.Join(all, "") }),
		rapid.Map(rapid.IntRange(1, 260), func(n int) string { return strings.Repeat("长", n) }),
		rapid.Map(rapid.IntRange(36, 44), func(n int) string { return strings.Repeat("u", n) }),
		rapid.StringMatching(`[a-zA-Z0-9._-]{1,8}@[a-z.-]{1,8}`), rapid.StringMatching(`[a-z]{1,5}@mobile\.invalid`),
		rapid.StringMatching(`(api|ghost|me\.keys|API|v2x?)`), rapid.StringMatching(`[a-z]{0,10}[0-9]{0,8}`), rapid.StringMatching(`[+ ]{0,2}(00|86| )?1[3-9][0-9 -]{8,10}`),
		rapid.StringMatching(`(https?://)?[a-z.]{1,5}(:[0-9]{1,3})?/[a-z%#? ]{0,45}`), rapid.String(),
	)
}

// TestPublishedRulesAreThoseOfTheUseCases: what a front-end accepts by the rules
// alone, registration accepts, and nothing else.
func TestPublishedRulesAreThoseOfTheUseCases(t *testing.T) {
	s := stage.New(t, stage.Options{Dialects: everyDialect})
	rules := readBook(t).Fields
	given := map[string]func(*app.Registration, string){
		"username": func(r *app.Registration, text string) { r.Username, r.NoUsername = text, false },
		"email":    func(r *app.Registration, text string) { r.Email = text },
		"password": func(r *app.Registration, text string) { r.Password = app.Secret(text) },
		"nickname": func(r *app.Registration, text string) { r.Nickname = text },
		"website":  func(r *app.Registration, text string) { r.Website = text },
		"mobile":   func(r *app.Registration, text string) { r.Country, r.Mobile = "86", text },
		"sign":     func(r *app.Registration, text string) { r.Attributes.Sign = text },
		"realName": func(r *app.Registration, text string) { r.Attributes.RealName = text },
		"address":  func(r *app.Registration, text string) { r.Attributes.Address = text },
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := forms().Draw(rt, "text")
		for name, give := range given {
			in := app.Registration{NoUsername: true}
			give(&in, text)
			if text == "" {
				continue // not given
			}
			err := s.Service.CheckNewcomer(t.Context(), in)
			number := app.MobileAllowed("86", strings.TrimSpace(width.Fold.String(text)))
			if name == "username" && number { // that is about whose it is
				continue
			}
			optional := name == "nickname" && strings.TrimSpace(text) == "" || name == "mobile" && does["separators"](text) == "" ||
				name == "email" && strings.TrimSpace(text) == "" || name == "username" && strings.TrimSpace(text) == ""
			if optional { // as if it were not given
				continue
			}
			require.Equal(rt, rules[name].accepts(text), err == nil, "%s %q: %v", name, text, err)
		}
	})
}
