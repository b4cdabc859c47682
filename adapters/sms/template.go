package sms

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	texttemplate "text/template"

	"accord/app"
)

func (e Encoding) contentType() string {
	if e == Form {
		return "application/x-www-form-urlencoded"
	}
	return "application/json"
}

// proper reports whether a body is of the encoding.
func (e Encoding) proper(body []byte) bool {
	if e == JSON {
		return json.Valid(body)
	}
	values, err := url.ParseQuery(string(body))
	return err == nil && len(values) > 0
}

// template makes request bodies.
type template struct {
	encoding Encoding
	text     *texttemplate.Template
}

// parseTemplate tries the template on a message of each language, so that it
// cannot fail on a real one.
func parseTemplate(e Encoding, text string) (template, error) {
	if e != JSON && e != Form {
		return template{}, errors.New("sms: the encoding is neither json nor form")
	}
	parsed, err := texttemplate.New("body").Option("missingkey=error").Parse(text)
	if err != nil {
		return template{}, fmt.Errorf("sms: the body: %w", err)
	}
	t := template{encoding: e, text: parsed}
	for _, language := range []string{"zh", "en"} {
		_, err := t.render(app.ShortMessage{InternationalCode: "86", Mobile: "13800000000", Code: "AB12CD", Language: language})
		if err != nil {
			return template{}, fmt.Errorf("sms: the body in language %s: %w", language, err)
		}
	}
	return t, nil
}

// render makes the body of a message that passed check.
func (t template) render(m app.ShortMessage) ([]byte, error) {
	number := "+" + m.InternationalCode + m.Mobile
	if t.encoding == Form {
		number = url.QueryEscape(number)
	}
	var body bytes.Buffer
	err := t.text.Execute(&body, struct{ Country, Mobile, Number, Code, Language string }{
		m.InternationalCode, m.Mobile, number, m.Code.Reveal(), m.Language,
	})
	if err != nil {
		return nil, err
	}
	if !t.encoding.proper(body.Bytes()) {
		return nil, fmt.Errorf("the template does not make a %s", t.encoding)
	}
	return body.Bytes(), nil
}

// field finds the text, number or truth value at a dotted path of a JSON text.
func field(body []byte, path string) (string, bool) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var at any
	if decoder.Decode(&at) != nil {
		return "", false
	}
	for segment := range strings.SplitSeq(path, ".") {
		switch value := at.(type) {
		case map[string]any:
			at = value[segment]
		case []any:
			i, err := strconv.Atoi(segment)
			if err != nil || i < 0 || i >= len(value) {
				return "", false
			}
			at = value[i]
		default:
			return "", false
		}
	}
	switch value := at.(type) {
	case string:
		return value, true
	case json.Number:
		return value.String(), true
	case bool:
		return strconv.FormatBool(value), true
	}
	return "", false
}
