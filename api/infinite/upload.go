package infinite

import (
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"accord/api"
	"accord/app"
)

const (
	maxFile = 5 << 20 // bytes of a picture
	// maxUploadBody leaves room for what a multipart body has around the file.
	maxUploadBody = maxFile + 64<<10
	// maxParts bounds the parts of a form that are looked through.
	maxParts = 32
)

type uploadAnswer struct {
	URL string `json:"url"`
}

func (d *dialect) upload(c echo.Context) error {
	who, err := d.service.Authenticate(c.Request().Context(), api.Token(c))
	if err != nil {
		return err
	}
	body := &watched{ReadCloser: c.Request().Body}
	c.Request().Body = body
	data, err := uploaded(c.Request())
	if body.tooLarge != nil {
		return body.tooLarge
	}
	if err != nil {
		return err
	}
	url, err := d.service.Upload(c.Request().Context(), who, data)
	if err != nil {
		return err
	}
	return succeed(c, uploadAnswer{url})
}

// watched is a body that remembers that it went over its limit, which a form's
// reader may take for something else.
type watched struct {
	io.ReadCloser
	tooLarge *echo.HTTPError
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.ReadCloser.Read(b)
	_ = errors.As(err, &w.tooLarge)
	return n, err
}

// uploaded reads the form's file. Its error is Invalid.
func uploaded(r *http.Request) ([]byte, error) {
	form, err := r.MultipartReader()
	switch {
	case errors.Is(err, http.ErrNotMultipart):
		return nil, fileViolates(app.NotBlank)
	case err != nil:
		return nil, errUnreadable
	}
	for range maxParts {
		part, err := form.NextPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil, fileViolates(app.NotBlank)
		case err != nil:
			return nil, errUnreadable
		case part.FormName() == "file":
			return readFile(part)
		}
	}
	return nil, fileViolates(app.NotBlank)
}

func readFile(part io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(part, maxFile+1))
	switch {
	case err != nil:
		return nil, errUnreadable
	case len(data) == 0:
		return nil, fileViolates(app.NotBlank)
	case len(data) > maxFile:
		return nil, fileViolates(app.Length)
	}
	return data, nil
}

func fileViolates(rule app.Rule) error {
	return &app.Error{Kind: app.Invalid, Op: "decode", Violations: []app.Violation{{Field: "file", Rule: rule}}}
}

// errUnreadable is of a body that broke off or is no form. The reader's own
// error may quote the body.
var errUnreadable = &app.Error{Kind: app.Invalid, Op: "decode", Err: errors.New("the body is not a form")}
