package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/v2"

	"accord/adapters/secretfile"
	"accord/app"
)

// maxSecretFile bounds a file that holds one secret, in bytes.
const maxSecretFile = 64 << 10

// exposed returns an error if the file at path gives secrets and others than its
// owner may read it.
func exposed(path string, values map[string]any, settings []setting) error {
	var given []string
	for _, s := range settings {
		if text, isText := values[s.key].(string); isText && s.secret() && isSecret(s.key, text) {
			given = append(given, s.key)
		}
	}
	if len(given) == 0 {
		return nil
	}
	info, err := os.Stat(path)
	if err == nil {
		err = secretfile.Check(path, info)
	}
	if err != nil {
		slices.Sort(given)
		return fmt.Errorf("%w (it gives %s)", err, strings.Join(given, ", "))
	}
	return nil
}

// isSecret reports whether the value hides anything: the name of a database file
// does not.
func isSecret(key, value string) bool {
	return value != "" && (key != "database.dsn" || strings.Contains(value, "@"))
}

// bothGiven finds secrets that one source gives twice, as such and by a file.
func bothGiven(values map[string]any, settings []setting) []error {
	var faults []error
	for _, s := range settings {
		_, direct := values[s.key]
		_, byFile := values[s.key+fileSuffix]
		if s.secret() && direct && byFile {
			faults = append(faults, fmt.Errorf("%s: is given together with %s; leave one out", s.key, s.key+fileSuffix))
		}
	}
	return faults
}

// dropOther forgets the other way of giving each secret that layer, the last
// one merged, gives: a later source wins whichever way it speaks.
func dropOther(merged *koanf.Koanf, layer map[string]any, settings []setting) {
	for _, s := range settings {
		if !s.secret() {
			continue
		}
		if _, given := layer[s.key]; given {
			merged.Delete(s.key + fileSuffix)
		}
		if _, given := layer[s.key+fileSuffix]; given {
			merged.Delete(s.key)
		}
	}
}

// readSecrets fills every secret whose file is given.
func readSecrets(settings []setting) []error {
	paths := map[string]string{}
	for _, s := range settings {
		if path, isText := s.field.Interface().(string); isText {
			paths[s.key] = path
		}
	}
	var faults []error
	for _, s := range settings {
		path := paths[s.key+fileSuffix]
		if !s.secret() || path == "" {
			continue
		}
		text, err := readSecret(path)
		if err != nil {
			faults = append(faults, &unreadSecret{key: s.key, err: err})
			continue
		}
		s.field.SetString(text)
	}
	return faults
}

// unreadSecret says that the file of a secret could not be read.
type unreadSecret struct {
	key string
	err error
}

func (u *unreadSecret) Error() string { return u.key + fileSuffix + ": " + u.err.Error() }
func (u *unreadSecret) Unwrap() error { return u.err }

// unreadIn returns the keys of all unread secrets in err, which would be reported
// as missing once more.
func unreadIn(err error) []string {
	var unread *unreadSecret
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var keys []string
		for _, e := range joined.Unwrap() {
			keys = append(keys, unreadIn(e)...)
		}
		return keys
	}
	if errors.As(err, &unread) {
		return []string{unread.key}
	}
	return nil
}

// readSecret reads a secret from its file, less the line break at its end.
func readSecret(path string) (string, error) {
	f, err := secretfile.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxSecretFile:
		return "", fmt.Errorf("%s is larger than %d bytes and no secret", path, maxSecretFile)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// Secrets lists the values that must never be printed, none of them empty.
func (c Config) Secrets() []app.Secret {
	var all []app.Secret
	for _, s := range settingsOf(&c) {
		if s.secret() && s.field.Len() > 0 {
			all = append(all, app.Secret(s.field.String()))
		}
	}
	return all
}
