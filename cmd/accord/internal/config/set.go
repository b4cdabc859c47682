package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// set puts a raw value, from YAML or from a variable, into the field. Its
// error says what the value should have been, never what it was.
func (s setting) set(raw any) error {
	var ok bool
	var want string
	switch field := s.field.Addr().Interface().(type) {
	case *time.Duration:
		want = `a duration such as "90s" or "2h"`
		ok = assign(field, raw, time.ParseDuration)
	case *int:
		want = "a whole number"
		ok = assign(field, raw, strconv.Atoi)
	case *int64:
		want = "a whole number"
		ok = assign(field, raw, func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) })
	case *bool:
		want = "true or false"
		ok = assign(field, raw, strconv.ParseBool)
	case *[]string:
		want = "a list of texts, in a variable parted by commas"
		ok = s.setList(raw)
	default: // string and app.Secret
		want = "text; put it in quotes"
		ok = s.setText(raw)
	}
	if !ok {
		return fmt.Errorf("%s: is not %s (also %s)", s.key, want, EnvName(s.key))
	}
	return nil
}

func assign[T any](field *T, raw any, parse func(string) (T, error)) bool {
	value, err := parse(fmt.Sprint(raw))
	if err == nil {
		*field = value
	}
	return err == nil
}

func (s setting) setText(raw any) bool {
	text, ok := raw.(string)
	if ok {
		s.field.SetString(text)
	}
	return ok || raw == nil
}

func (s setting) setList(raw any) bool {
	var list []string
	switch raw := raw.(type) {
	case nil:
	case string:
		for item := range strings.SplitSeq(raw, ",") {
			list = append(list, strings.TrimSpace(item))
		}
	case []any:
		for _, item := range raw {
			text, ok := item.(string)
			if !ok {
				return false
			}
			list = append(list, text)
		}
	default:
		return false
	}
	s.field.Set(reflect.ValueOf(list))
	return true
}
