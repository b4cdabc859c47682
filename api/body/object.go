package body

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"accord/api"
)

// Malformed is the error of text that is not JSON, with the place at which it stops
// being so. Line and Column, in characters, begin at 1. Unlike the decoder's own error
// it quotes nothing, since the text may hold a password.
type Malformed struct{ Line, Column int }

func (m *Malformed) Error() string {
	return fmt.Sprintf("not JSON: line %d, column %d", m.Line, m.Column)
}

// Why says the same to the client.
func (m *Malformed) Why() api.Phrase {
	return api.Phrase{
		ZH: fmt.Sprintf("请求体不是有效的JSON：第%d行第%d列", m.Line, m.Column),
		EN: fmt.Sprintf("The body is not JSON: see line %d, column %d", m.Line, m.Column),
	}
}

// ErrNotAnObject is the error of JSON that is not an object.
var ErrNotAnObject error = notAnObject{}

type notAnObject struct{}

func (notAnObject) Error() string { return "not a JSON object" }

// Why says the same to the client.
func (notAnObject) Why() api.Phrase {
	return api.Phrase{ZH: "请求体不是JSON对象", EN: "The body is not a JSON object"}
}

var errBrokeOff = errors.New("the body broke off")

// byteOrderMark is what some editors put before UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Object reads a JSON object. The error is a Malformed or ErrNotAnObject.
func Object(text []byte, into any) error {
	text = bytes.TrimPrefix(text, byteOrderMark)
	err := json.Unmarshal(text, into)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return malformedAt(text, int(syntax.Offset))
	case err != nil:
		return ErrNotAnObject
	}
	return nil
}

// malformedAt is the place of the last of the bytes that were read.
func malformedAt(text []byte, read int) *Malformed {
	before := text[:max(0, min(read, len(text))-1)]
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return &Malformed{Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(line) + 1}
}
