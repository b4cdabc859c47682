// Package wiretest replays recorded conversations, the golden files of a
// dialect, against a server.
//
// A script is a txtar archive: a description, then sections in the order they
// are played. A "setup" section holds commands for the target, one per line; one
// that ends in "as NAME" gives {{NAME}} its value. A "request" is a request line,
// headers, a blank line and a body; the "response" after it is a status, the
// headers of note, a blank line and the body, JSON indented by tabs. Bodies are
// compared with their order of keys, and no field may lack or be left over.
//
// In a response {{kind}} stands for a value of that kind, {{kind as name}} also
// remembers it, and {{name}} is that very value from then on, in requests too.
// {{user}} is a name, and so the start of an address, that no other replay uses.
package wiretest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"
)

// Script is one conversation.
type Script struct {
	// Name is the file's, without its ending.
	Name  string
	scene []section
}

// section is a setup, a request or a response.
type section struct {
	kind string
	// head is the lines up to the first blank one, body the rest.
	head []string
	body string
}

// NeedsSetup reports whether the script has commands for its target; one that
// has none can be replayed against any running server.
func (s Script) NeedsSetup() bool {
	for _, sec := range s.scene {
		if sec.kind == setup {
			return true
		}
	}
	return false
}

// Exchange is a request line and the response to it, as they are written down.
type Exchange struct{ Request, Status, Body string }

// Exchanges lists what is asked and answered, for tests that look for gaps.
func (s Script) Exchanges() []Exchange {
	var all []Exchange
	for _, sec := range s.scene {
		switch sec.kind {
		case request:
			all = append(all, Exchange{Request: sec.head[0]})
		case response:
			last := &all[len(all)-1]
			last.Status, last.Body = sec.head[0], sec.body
		}
	}
	return all
}

// The kinds of sections.
const (
	setup    = "setup"
	request  = "request"
	response = "response"
)

// Load reads every script of a folder, sorted by name. It fails the test where
// the folder holds none, or one that is not well-formed.
func Load(t testing.TB, dir string) []Script {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, files, "no scripts in %s", dir)
	scripts := make([]Script, len(files))
	for i, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		scripts[i], err = parse(text)
		require.NoError(t, err, file)
		scripts[i].Name = strings.TrimSuffix(filepath.Base(file), ".txtar")
	}
	return scripts
}

func parse(text []byte) (Script, error) {
	archive := txtar.Parse(text)
	if len(bytes.TrimSpace(archive.Comment)) == 0 {
		return Script{}, fmt.Errorf("wiretest: no description")
	}
	var s Script
	asked := false
	for _, file := range archive.Files {
		switch file.Name {
		case setup, request:
			if asked {
				return Script{}, fmt.Errorf("wiretest: a request without its response")
			}
			asked = file.Name == request
		case response:
			if !asked {
				return Script{}, fmt.Errorf("wiretest: a response without its request")
			}
			asked = false
		default:
			return Script{}, fmt.Errorf("wiretest: unknown section %q", file.Name)
		}
		s.scene = append(s.scene, newSection(file))
	}
	if asked || len(s.scene) == 0 || s.scene[len(s.scene)-1].kind != response {
		return Script{}, fmt.Errorf("wiretest: the last section is no response")
	}
	return s, nil
}

func newSection(file txtar.File) section {
	head, body, _ := strings.Cut(string(file.Data), "\n\n")
	return section{
		kind: file.Name,
		head: strings.Split(strings.TrimSpace(head), "\n"),
		body: strings.TrimSuffix(body, "\n"),
	}
}
