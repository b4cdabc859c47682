package body_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/api/body"
)

func TestObjectsAreReadOrTheirFaultIsPlaced(t *testing.T) {
	at := func(line, column int) error { return &body.Malformed{Line: line, Column: column} }
	for text, want := range map[string]error{
		`{"a":"b"}`:                    nil,
		"\ufeff{\"a\":\"b\"}":          nil,
		"null":                         nil,
		`[]`:                           body.ErrNotAnObject,
		`"a"`:                          body.ErrNotAnObject,
		`{"a":}`:                       at(1, 6),
		"{\n  \"a\": 1,\n}":            at(3, 1),
		"{\r\n\t\"a\" 1}":              at(2, 6),
		"{\"名字\": x}":                  at(1, 8),
		`{"a":1`:                       at(1, 6),
		"{\"a\":1,\n\"b\":\"c\n\"}":    at(2, 7),
		"\x00":                         at(1, 1),
		"\ufeff{'a':1}":                at(1, 2),
		"{\"password\": \"1qazxsw2\",": at(1, 24),
	} {
		var into struct{ A string }
		err := body.Object([]byte(text), &into)
		require.Equal(t, want, err, text)
	}
}
