package gitea

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"accord/app"
	"accord/saga"
)

var errUnreadable = errors.New("the answer cannot be read as Gitea's")

// certain reports whether a status says that the request changed nothing:
// refusals, and redirects that are not followed. Who gave up waiting, as a proxy
// may, says nothing of the kind.
func certain(status int) bool {
	const gaveUp = 499 // nginx's
	return status >= 300 && status < 500 && status != http.StatusRequestTimeout && status != gaveUp
}

// failed is the DirectoryFailed error of a request. It is refused where nothing
// was done for certain, as by every request that only reads.
func (r request) failed(nothingDone bool, cause error) error {
	err := error(&app.Error{Kind: app.DirectoryFailed, Op: "gitea: " + r.op, Err: cause})
	if nothingDone || r.method == http.MethodGet {
		return saga.Refused(err)
	}
	return err
}

// fault is the error of an answer that is not what was asked for.
func (a answer) fault() error {
	text := fmt.Sprintf("answered %d", a.status)
	switch {
	case a.reason() != "":
		text += ": " + a.reason()
	case a.status == http.StatusNotFound && !a.native:
		text += ", and not as Gitea does: is this the right URL?"
	case a.status >= 300 && a.status < 400:
		text += ": the URL leads elsewhere"
	}
	return a.request.failed(certain(a.status), errors.New(text))
}

// absent reports whether Gitea itself says that there is no such thing. A 404
// of something else on the way does not count.
func (a answer) absent() bool { return a.status == http.StatusNotFound && a.native }

// readMessage finds the word on a failure. Gitea's own come with the URL of its
// API's documentation, which tells them from a proxy's.
func (a *answer) readMessage() {
	var said struct {
		Message string  `json:"message"`
		URL     *string `json:"url"`
	}
	if a.status >= 300 && json.Unmarshal(a.body, &said) == nil {
		a.message, a.native = said.Message, said.URL != nil
	}
}

// reasons are the beginnings of what Gitea says that help whoever reads the
// log. Nothing else of what a server says is repeated.
var reasons = []string{
	"PasswordComplexity", "PasswordIsRequired", "PasswordPwned",
	"This account is prohibited from signing in",
	demand,
	"access token must have a scope",
	"access token name has been used already",
	"auth required",
	"can not delete the last admin user",
	"invalid access token scope",
	"invalid username, password or token",
	outOfScope,
	"user should be the site admin",
	"user still has membership of organizations",
	"user still has ownership of packages",
	"user still has ownership of repositories",
	"you cannot delete yourself",
}

// reason is what the server said, where that is one of the reasons.
func (a answer) reason() string {
	for _, r := range reasons {
		if strings.HasPrefix(a.message, r) {
			return r
		}
	}
	return ""
}

// unknown takes the promise of saga.Refused from an error: the request it
// tells of did nothing, but another one of the same call did or may have.
func unknown(err error) error {
	var e *app.Error
	if errors.As(err, &e) {
		return e
	}
	return &app.Error{Kind: app.DirectoryFailed, Op: "gitea", Err: err}
}
