package minio

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	miniogo "github.com/minio/minio-go/v7"

	"accord/adapters/exchange"
	"accord/app"
	"accord/saga"
)

// codeNoUser is the server's code for a user that it does not have.
const codeNoUser = "XMinioAdminNoSuchUser"

// failure is why one request came to nothing. It holds nothing of what was
// sent but the name of the call.
type failure struct {
	call string
	// status is zero where no answer came.
	status int
	// code is the server's own word for the fault; empty where it gave none.
	code string
	// cause is set where there is no status, or where the answer was nonsense.
	cause error
	// harmless means that the server certainly changed nothing.
	harmless bool
}

func (f *failure) Error() string {
	text := f.call + ": "
	if f.status != 0 {
		text += fmt.Sprintf("the server answered %d", f.status)
		if f.code != "" {
			text += " " + f.code
		}
		if f.cause != nil {
			text += ": "
		}
	}
	if f.cause != nil {
		text += f.cause.Error()
	}
	return text
}

func (f *failure) Unwrap() error { return f.cause }

// unanswered describes a request that got no answer; sent tells whether it may
// have reached the server.
func unanswered(call string, err error, sent, readOnly bool) *failure {
	return &failure{call: call, cause: exchange.Cause(err), harmless: readOnly || !sent || exchange.NotSent(err) != nil}
}

// turnedDown describes an answer other than success.
func turnedDown(call string, status int, body []byte, readOnly bool) *failure {
	f := &failure{call: call, status: status, code: errorCode(body)}
	switch {
	case readOnly:
		f.harmless = true
	case status == http.StatusRequestTimeout || status == 499:
		// The server gave up on a request in the middle.
	case status >= 400 && status < 500:
		f.harmless = true
	}
	return f
}

// nonsense describes a success that cannot be understood: what stands behind
// the address may not be the storage server at all.
func nonsense(call string, status int, cause error, readOnly bool) *failure {
	return &failure{call: call, status: status, cause: cause, harmless: readOnly}
}

// s3Failure is the failure in an error of minio-go's; nil for nil. Requests that
// write count as sent.
func s3Failure(call string, err error, readOnly bool) error {
	if err == nil {
		return nil
	}
	if answered := miniogo.ToErrorResponse(err); answered.StatusCode != 0 {
		return &failure{call: call, status: answered.StatusCode, code: plainWord(answered.Code), harmless: readOnly}
	}
	return unanswered(call, err, true, readOnly)
}

// after is the failure of a call that follows on one that changed something:
// whatever it did itself, the operation is not harmless.
func after(err error) error {
	var f *failure
	if !errors.As(err, &f) {
		return err
	}
	late := *f
	late.harmless = false
	return &late
}

// errorCode finds the code in an error answer: JSON from the admin interface,
// XML from S3, XML one level deeper from STS.
func errorCode(body []byte) string {
	var asJSON struct{ Code string }
	if json.Unmarshal(body, &asJSON) == nil {
		return plainWord(asJSON.Code)
	}
	var asXML struct {
		Code  string `xml:"Code"`
		Inner string `xml:"Error>Code"`
	}
	if xml.Unmarshal(body, &asXML) == nil {
		return plainWord(asXML.Code + asXML.Inner)
	}
	return ""
}

// plainWord lets a code through to logs only if it looks like one: letters and
// digits, and what else it may have.
func plainWord(code string, signs ...rune) string {
	strange := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !slices.Contains(signs, r)
	}
	if len(code) > 64 || strings.ContainsFunc(code, strange) {
		return ""
	}
	return code
}

// codeOf is the server's code of a failed call, or empty.
func codeOf(err error) string {
	var f *failure
	if errors.As(err, &f) {
		return f.code
	}
	return ""
}

// failed turns the failure of a whole operation into the error of the port:
// refused where it was harmless. It is nil for nil.
func failed(op string, err error) error {
	if err == nil {
		return nil
	}
	var f *failure
	if errors.As(err, &f) && f.harmless {
		return refused(op, err)
	}
	return unknown(op, err)
}

// refused says that the operation changed nothing.
func refused(op string, err error) error { return saga.Refused(unknown(op, err)) }

// unknown says nothing about the effect of the operation.
func unknown(op string, err error) error {
	return &app.Error{Kind: app.StorageFailed, Op: op, Err: err}
}
