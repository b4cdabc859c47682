package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	koanfmaps "github.com/knadh/koanf/maps"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

// delim parts the names of a key.
const delim = "."

// Load returns the configuration that the YAML file at path (empty for none)
// and the environment make of the defaults; an empty variable counts as unset.
// Its error holds every fault, a line each, and never a value; where the file
// cannot be read, only that. ignored names the variables that begin with ACCORD_
// and are no setting.
func Load(path string, environ []string) (c Config, ignored []string, err error) {
	values, err := parseFile(path)
	if err != nil { // whatever it says would be told as missing
		return Default(), nil, err
	}
	c, ignored, err = merge(path, values, environ)
	err = errors.Join(err, c.validate(unreadIn(err)))
	if nothingSaid := path == "" && reflect.DeepEqual(c, Default()); nothingSaid {
		err = errors.Join(errors.New("no setting is given: name a configuration file by --config FILE"), err)
	}
	return c, ignored, err
}

// FromEnv returns what the environment makes of the defaults, which need not be
// whole. Its error is like that of Load.
func FromEnv(environ []string) (Config, error) {
	c, _, err := merge("", nil, environ)
	return c, err
}

// merge is Load without the judgement of the whole, on what the file holds.
func merge(path string, values map[string]any, environ []string) (Config, []string, error) {
	c := Default()
	settings := settingsOf(&c)
	fromFile, fileFaults := knownOf(path, values, settings)
	if err := exposed(path, fromFile, settings); err != nil {
		fileFaults = append(fileFaults, err)
	}
	fromEnv, ignored, envFaults := readEnv(environ, settings)
	merged := koanf.New(delim)
	faults := append(fileFaults, envFaults...)
	for _, layer := range []map[string]any{fromFile, fromEnv} {
		if err := merged.Load(confmap.Provider(layer, delim), nil); err != nil {
			faults = append(faults, err)
		}
		dropOther(merged, layer, settings)
	}
	for _, s := range settings {
		if merged.Exists(s.key) {
			if err := s.set(merged.Get(s.key)); err != nil {
				faults = append(faults, err)
			}
		}
	}
	faults = append(faults, readSecrets(settings)...)
	return c, ignored, errors.Join(faults...)
}

// parseFile returns what the file holds, by keys.
func parseFile(path string) (map[string]any, error) {
	if path == "" {
		return map[string]any{}, nil
	}
	text, err := file.Provider(path).ReadBytes()
	if err != nil { // which names the file
		return nil, err
	}
	tree, err := yaml.Parser().Unmarshal(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", path, notYAML(err))
	}
	koanfmaps.IntfaceKeysToStrings(tree)
	values := map[string]any{}
	if twice := flatten("", tree, values); len(twice) > 0 {
		slices.Sort(twice)
		return nil, fmt.Errorf("%s: gives these twice, by groups and by dots: %s", path, strings.Join(slices.Compact(twice), ", "))
	}
	return values, nil
}

// flatten puts every value of a group, the empty ones too, under its whole key,
// and returns the keys that there is more than one value for.
func flatten(prefix string, group, values map[string]any) (twice []string) {
	for name, value := range group {
		key := prefix + name
		if inner, isGroup := value.(map[string]any); isGroup && len(inner) > 0 {
			twice = append(twice, flatten(key+delim, inner, values)...)
			continue
		}
		if _, given := values[key]; given {
			twice = append(twice, key)
		}
		values[key] = value
	}
	return twice
}

// syntaxFault is what the parser says of the file's form; its other errors quote
// the file, which holds secrets.
var syntaxFault = regexp.MustCompile(`^yaml: (line \d+: .*)$`)

// notYAML says what is wrong with a file and quotes nothing of it.
func notYAML(err error) string {
	if found := syntaxFault.FindStringSubmatch(err.Error()); found != nil {
		return "is not YAML: " + found[1]
	}
	return "is not YAML of the form \"key: value\", each key once"
}

// knownOf returns those values of the file that are settings.
func knownOf(path string, values map[string]any, settings []setting) (map[string]any, []error) {
	known := map[string]bool{}
	for _, s := range settings {
		known[s.key] = true
	}
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if known[key] {
			continue
		}
		if !isEmptyGroup(key, values[key], settings) {
			faults = append(faults, fmt.Errorf("%s: is no setting; take it out of %s, or correct its name", key, path))
		}
		delete(values, key)
	}
	return values, append(faults, bothGiven(values, settings)...)
}

// isEmptyGroup reports whether the key stands for a group with nothing in it.
func isEmptyGroup(key string, value any, settings []setting) bool {
	group, isMap := value.(map[string]any)
	if value != nil && (!isMap || len(group) > 0) {
		return false
	}
	return slices.ContainsFunc(settings, func(s setting) bool { return strings.HasPrefix(s.key, key+delim) })
}

// readEnv returns the settings of the environment by their keys, and the names
// that look like settings and are none.
func readEnv(environ []string, settings []setting) (map[string]any, []string, []error) {
	keyOf := map[string]string{}
	for _, s := range settings {
		keyOf[EnvName(s.key)] = s.key
	}
	var ignored []string
	provider := env.Provider("", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			key, known := keyOf[name]
			if !known && !slices.Contains(otherVariables, name) {
				ignored = append(ignored, name)
			}
			if value == "" {
				return "", nil
			}
			return key, value
		},
	})
	values, err := provider.Read()
	slices.Sort(ignored)
	faults := bothGiven(values, settings)
	if err != nil {
		faults = append(faults, err)
	}
	return values, ignored, faults
}

// otherVariables are read elsewhere and are no settings.
var otherVariables = []string{"ACCORD_GITEA_BIN", "ACCORD_MINIO_BIN"}
