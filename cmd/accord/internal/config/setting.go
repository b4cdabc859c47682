package config

import (
	"reflect"
	"strings"
	"unicode"

	"accord/app"
)

// envPrefix begins the name of every environment variable that is read.
const envPrefix = "ACCORD_"

// fileSuffix ends the key that names a file with the value of another key.
const fileSuffix = "File"

// setting is one leaf of a Config: its key and the field it is kept in.
type setting struct {
	key   string
	field reflect.Value
}

// settingsOf lists the leaves of c in the order of their declaration. Their
// fields can be set.
func settingsOf(c *Config) []setting {
	return leaves("", reflect.ValueOf(c).Elem())
}

func leaves(prefix string, group reflect.Value) []setting {
	var all []setting
	for i := range group.NumField() {
		key := prefix + group.Type().Field(i).Tag.Get("koanf")
		if field := group.Field(i); field.Kind() == reflect.Struct {
			all = append(all, leaves(key+".", field)...)
		} else {
			all = append(all, setting{key: key, field: field})
		}
	}
	return all
}

// secret reports whether the setting must not be seen.
func (s setting) secret() bool { return s.field.Type() == reflect.TypeFor[app.Secret]() }

// EnvName is the environment variable of a key: gitea.adminUser is read from
// ACCORD_GITEA_ADMIN_USER.
func EnvName(key string) string {
	var name strings.Builder
	name.WriteString(envPrefix)
	lower := false
	for _, c := range key {
		switch {
		case c == '.':
			name.WriteByte('_')
		case unicode.IsUpper(c) && lower:
			name.WriteByte('_')
			name.WriteRune(c)
		default:
			name.WriteRune(unicode.ToUpper(c))
		}
		lower = unicode.IsLower(c)
	}
	return name.String()
}
