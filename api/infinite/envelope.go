package infinite

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/app"
)

// envelope is every answer. Data is always an object.
type envelope struct {
	Code code   `json:"code"`
	Data any    `json:"data"`
	Msg  string `json:"msg"`
}

type nothing struct{}

// broken lists the rules that each field broke.
type broken struct {
	RuleViolated map[string][]app.Rule `json:"ruleViolated"`
}

func succeed(c echo.Context, data any) error {
	return c.JSON(http.StatusOK, envelope{success, data, phrases[success].in(languageOf(c))})
}

func writeError(c echo.Context, err error) error {
	code := codeOf(err)
	answer := envelope{code, nothing{}, phrases[code].in(languageOf(c))}
	var notAllowed *app.NotAllowed
	if violations := violationsOf(err); len(violations) > 0 {
		answer.Data, answer.Msg = broken{grouped(violations)}, complaint(violations[0])
	} else if errors.As(err, &notAllowed) && code == verifyError {
		if why, ok := barred[notAllowed.Status]; ok {
			answer.Msg = why.in(languageOf(c))
		}
	}
	return c.JSON(api.Status(err), answer)
}

// violationsOf are the broken rules an error tells of. A missing token is one.
func violationsOf(err error) []app.Violation {
	var e *app.Error
	switch {
	case !errors.As(err, &e):
		return nil
	case e.Kind == app.TokenMissing:
		return []app.Violation{{Field: "token", Rule: app.NotBlank}}
	default:
		return e.Violations
	}
}

func grouped(violations []app.Violation) map[string][]app.Rule {
	rules := map[string][]app.Rule{}
	for _, v := range violations {
		rules[v.Field] = append(rules[v.Field], v.Rule)
	}
	return rules
}

// complaint is the message about one violation, the same in every language.
func complaint(v app.Violation) string {
	if v.Rule == app.NotContainsDict {
		return fmt.Sprintf("[%s] dict error.", strings.ToLower(v.Field))
	}
	return fmt.Sprintf("request params[%s] %s.", v.Field, v.Rule)
}
