package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"accord/app"
)

// FileOptions say where the development provider writes.
type FileOptions struct {
	// Dir is made, for its owner alone, where it does not exist.
	Dir string
	// Now is the time of a message; default time.Now.
	Now func() time.Time
}

// File is an app.SMS for development: it sends nothing, and writes each message
// into a file of its own, whose name ends in ".json" and sorts by time. Safe for
// concurrent use, also by several processes on one directory.
type File struct{ options FileOptions }

var _ app.SMS = (*File)(nil)

// NewFile returns a File whose directory exists.
func NewFile(o FileOptions) (*File, error) {
	if o.Dir == "" {
		return nil, errors.New("sms: no directory")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("sms: the directory cannot be made: %w", err)
	}
	return &File{options: o}, nil
}

// written is a message as its file has it.
type written struct {
	InternationalCode string    `json:"internationalCode"`
	Mobile            string    `json:"mobile"`
	Code              string    `json:"code"`
	At                time.Time `json:"at"`
}

// Send writes the message, whole or not at all, readable by its owner alone.
// Every error is SMSFailed and saga.Refused.
func (f *File) Send(ctx context.Context, m app.ShortMessage) error {
	err := ctx.Err()
	if err == nil {
		err = check(m)
	}
	if err == nil {
		err = f.write(written{m.InternationalCode, m.Mobile, m.Code.Reveal(), f.options.Now().UTC()})
	}
	if err != nil {
		return failed(true, err)
	}
	return nil
}

func (f *File) write(w written) error {
	data, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return errors.New("the message cannot be encoded")
	}
	// The draft's random name, which no reader looks for, makes the final one unique.
	draft, err := os.CreateTemp(f.options.Dir, ".draft-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.Write(append(data, '\n'))
	if err := errors.Join(err, draft.Close()); err != nil {
		return err
	}
	random := strings.TrimPrefix(filepath.Base(draft.Name()), ".draft-")
	name := fmt.Sprintf("%s-%s.json", w.At.Format("20060102T150405.000000000"), random)
	return os.Link(draft.Name(), filepath.Join(f.options.Dir, name))
}
