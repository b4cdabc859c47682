package infinite

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/app"
	"accord/saga"
)

// envelope is every answer. Data is always an object.
type envelope struct {
	Code code   `json:"code"`
	Data any    `json:"data"`
	Msg  string `json:"msg"`
}

type nothing struct{}

// broken lists the rules that each field broke, and says the first of them in
// words.
type broken struct {
	RuleViolated map[string][]app.Rule `json:"ruleViolated"`
	// Messages are not in the document, whose Msg has the rule's name only.
	Messages map[string]string `json:"messages"`
}

// done answers a change that has nothing to say: err, or success if it is
// committed.
func done(c echo.Context, receipt saga.Receipt, err error) error {
	api.SetReceipt(c, receipt)
	if err := api.Outcome(receipt, err); err != nil {
		return err
	}
	return succeed(c, nothing{})
}

// Envelope writes answers in the form of this dialect, for endpoints beside it that
// every front-end shares.
type Envelope struct{}

// Succeed answers a request with data, which must encode as a JSON object.
func (Envelope) Succeed(c echo.Context, data any) error { return succeed(c, data) }

// WriteError answers a request that failed with err.
func (Envelope) WriteError(c echo.Context, err error) error { return writeError(c, err) }

func succeed(c echo.Context, data any) error {
	return c.JSON(http.StatusOK, envelope{success, data, phrases[success].In(api.Language(c))})
}

func writeError(c echo.Context, err error) error {
	code := codeOf(c.Path(), err)
	answer := envelope{code, nothing{}, explanation(code, err).In(api.Language(c))}
	if violations := violationsOf(err); len(violations) > 0 && code == parameterInvalid {
		answer.Data = broken{grouped(violations), messages(violations, api.Language(c))}
		answer.Msg = complaint(violations[0])
	}
	return c.JSON(api.Status(err), answer)
}

// explanation is the message that says most about a failure: that of its code
// where nothing more is known.
func explanation(code code, err error) api.Phrase {
	var notAllowed *app.NotAllowed
	if code == verifyError && errors.As(err, &notAllowed) {
		if why, ok := barred[notAllowed.Status]; ok {
			return why
		}
	}
	if why, ok := api.Reason(err); ok {
		return why
	}
	if why, ok := reasons[app.KindOf(err)]; ok {
		return why
	}
	return phrases[code]
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

// messages say in words what is wrong with each field.
func messages(violations []app.Violation, lang string) map[string]string {
	said := map[string]string{}
	for _, v := range violations {
		if _, known := said[v.Field]; !known {
			said[v.Field] = api.FieldMessage(v, v.Field).In(lang)
		}
	}
	return said
}

// complaint is the message about one violation, the same in every language.
func complaint(v app.Violation) string {
	if v.Rule == app.NotContainsDict {
		return fmt.Sprintf("[%s] dict error.", strings.ToLower(v.Field))
	}
	return fmt.Sprintf("request params[%s] %s.", v.Field, v.Rule)
}
