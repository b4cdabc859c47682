package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"

	"accord/app"
)

// Write leaves c, with its secrets, as the YAML file at path, readable by its
// owner alone, below a line for each comment. A reader meets the old file or the
// whole of this one.
func (c Config) Write(path string, comments ...string) error {
	k := koanf.New(delim)
	values := map[string]any{}
	for _, s := range settingsOf(&c) {
		switch value := s.field.Interface().(type) {
		case app.Secret:
			values[s.key] = value.Reveal()
		case time.Duration:
			values[s.key] = value.String()
		default:
			values[s.key] = value
		}
	}
	for _, s := range settingsOf(&c) {
		if s.secret() { // it is in the file itself
			delete(values, s.key+fileSuffix)
		}
	}
	if err := k.Load(confmap.Provider(values, delim), nil); err != nil {
		return err
	}
	text, err := k.Marshal(yaml.Parser())
	if err != nil {
		return err
	}
	var heading strings.Builder
	for _, comment := range comments {
		heading.WriteString("# " + comment + "\n")
	}
	return WriteFile(path, append([]byte(heading.String()), text...))
}

// WriteFile leaves data as the file at path, readable by its owner alone. A
// reader meets the old file or the whole of this one, also after a crash.
func WriteFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // closed already, or of no further use
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(data); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
