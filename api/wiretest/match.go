package wiretest

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
)

// kinds are the values a response may stand for.
var kinds = map[string]string{
	"saga":      `[0-9A-Za-z_-]{8,64}`,
	"jwt":       `[\w-]+\.[\w-]+\.[\w-]+`,
	"token":     `[^"\s]{8,}`,
	"accountId": `\d{14}`,
	"digits":    `\d+`,
	"datetime":  `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`,
	"millis":    `\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}`,
	"instant":   `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`,
	"ip":        `[0-9A-Fa-f.:]+`,
	"text":      `[^"]+`,
	"nothing":   ``,
}

var placeholder = regexp.MustCompile(`\{\{(\w+)(?: as (\w+))?\}\}`)

// variables are what a replay remembers, by name.
type variables map[string]string

// fill puts values where a request names them.
func (v variables) fill(text string) (string, error) {
	var unknown []string
	filled := placeholder.ReplaceAllStringFunc(text, func(found string) string {
		name := placeholder.FindStringSubmatch(found)[1]
		value, ok := v[name]
		if !ok {
			unknown = append(unknown, name)
		}
		return value
	})
	if len(unknown) > 0 {
		return "", fmt.Errorf("wiretest: nothing is called %s", strings.Join(unknown, ", "))
	}
	return filled, nil
}

// match reports whether got is what want stands for, and remembers the values
// that want names.
func (v variables) match(want, got string) (bool, error) {
	pattern, names, err := v.pattern(want)
	if err != nil {
		return false, err
	}
	found := pattern.FindStringSubmatch(got)
	if found == nil {
		return false, nil
	}
	here := variables{}
	for i, name := range names {
		if value, again := here[name]; again && value != found[i+1] {
			return false, nil
		}
		here[name] = found[i+1]
	}
	maps.Copy(v, here)
	return true, nil
}

// pattern is want as a regular expression, and the names of its groups. A value
// that is named and used in one text has several groups.
func (v variables) pattern(want string) (*regexp.Regexp, []string, error) {
	var expr strings.Builder
	var names []string
	named := map[string]string{} // name to kind
	expr.WriteString(`\A`)
	rest := 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(want, -1) {
		expr.WriteString(regexp.QuoteMeta(want[rest:at[0]]))
		rest = at[1]
		word := want[at[2]:at[3]]
		if at[4] >= 0 {
			kind, known := kinds[word]
			if !known {
				return nil, nil, fmt.Errorf("wiretest: no kind is called %q", word)
			}
			word = want[at[4]:at[5]]
			named[word] = kind
		}
		value, remembered := v[word]
		kind, known := kinds[word]
		switch again, here := named[word]; {
		case here:
			expr.WriteString(`(` + again + `)`)
			names = append(names, word)
		case remembered:
			expr.WriteString(regexp.QuoteMeta(value))
		case known:
			expr.WriteString(`(?:` + kind + `)`)
		default:
			return nil, nil, fmt.Errorf("wiretest: no kind or value is called %q", word)
		}
	}
	expr.WriteString(regexp.QuoteMeta(want[rest:]) + `\z`)
	pattern, err := regexp.Compile(expr.String())
	return pattern, names, err
}

var secretField = regexp.MustCompile(`("(?:token|access_token|refresh_token|accessToken|giteaToken|storageToken|secretAccessKey|sessionToken)": )"[^"]*"`)

// masked is a body without the secrets in it, fit for a test's output.
func masked(body string) string { return secretField.ReplaceAllString(body, `$1"***"`) }
