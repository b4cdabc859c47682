package gitea

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"accord/app"
	"accord/saga"
)

var _ app.DirectoryCredentials = (*Directory)(nil)

var (
	errCredential = errors.New("this is no credential that Gitea listed")
	errKept       = errors.New("the key is listed and cannot be removed: USER_DISABLED_FEATURES may forbid it")
)

// maxOfKind bounds the credentials of one kind that are listed of a user: it can
// make any number, and the others come once these have ended. Of tokens, which
// sessions have too, all are listed.
const maxOfKind = 1000

// credentialPaths says where Gitea lists and deletes the credentials of a user
// that go by number. Deploy keys are apart, since they belong to repositories.
type credentialPaths struct {
	list, remove func(login string) string
	// asUser makes both requests the user's own.
	asUser bool
	// decode reads a page of the listing, if it is not an array.
	decode func(answer) ([]listedCredential, error)
}

func ofUser(segments ...string) func(string) string {
	return func(login string) string { return path(append([]string{"users", login}, segments...)...) }
}

func own(segments ...string) func(string) string {
	return func(string) string { return path(append([]string{"user"}, segments...)...) }
}

var numbered = map[app.CredentialKind]credentialPaths{
	app.GiteaToken:        {list: ofUser("tokens"), remove: ofUser("tokens")},
	app.OAuth2Application: {list: own("applications", "oauth2"), remove: own("applications", "oauth2"), asUser: true},
	app.SSHKey:            {list: ofUser("keys"), remove: func(login string) string { return path("admin", "users", login, "keys") }},
	app.GPGKey:            {list: own("gpg_keys"), remove: own("gpg_keys"), asUser: true},
	app.Webhook:           {list: own("hooks"), remove: own("hooks"), asUser: true},
	app.ActionsRunner:     {list: own("actions", "runners"), remove: own("actions", "runners"), asUser: true, decode: decodeRunners},
}

// listedCredential is any credential that Gitea lists with a number.
type listedCredential struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Title string `json:"title"`
	// KeyID is text of a GPG key, a number of a deploy key.
	KeyID any `json:"key_id"`
	// End is a token's.
	End string `json:"token_last_eight"`
	// Config is a webhook's.
	Config struct {
		URL string `json:"url"`
	} `json:"config"`
}

// label is what people know the credential by.
func (c listedCredential) label() string {
	id, _ := c.KeyID.(string)
	label := cmp.Or(c.Name, c.Title, id, originOf(c.Config.URL))
	return strings.Clone(strings.ToValidUTF8(label[:min(len(label), maxName)], ""))
}

// Credentials implements app.DirectoryCredentials. A user that is gone or was
// renamed while it was looked at has none: another look finds it.
func (d *Directory) Credentials(ctx context.Context, accountID string, kinds ...app.CredentialKind) ([]app.Credential, error) {
	users, err := d.UsersMarked(ctx, accountID)
	if err != nil {
		return nil, err
	}
	found := make([][]app.Credential, len(users)*len(kinds))
	group, ctx := errgroup.WithContext(ctx)
	for i, u := range users {
		for j, kind := range kinds {
			group.Go(func() (err error) {
				found[i*len(kinds)+j], err = d.credentialsOf(ctx, user{Login: u.Username}, kind)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}

func (d *Directory) credentialsOf(ctx context.Context, u user, kind app.CredentialKind) ([]app.Credential, error) {
	if kind == app.SecondAddress {
		return d.secondAddresses(ctx, u)
	}
	if kind == app.DeployKey {
		return d.deployKeys(ctx, u)
	}
	at, ok := numbered[kind]
	if !ok {
		return nil, saga.Refused(&app.Error{Kind: app.Internal, Op: "gitea: list credentials", Err: errCredential})
	}
	r := request{op: "list " + string(kind) + "s", method: http.MethodGet, path: at.list(u.Login), basic: true}
	if at.asUser {
		r.query = as(u)
	}
	decode := at.decode
	if decode == nil {
		decode = decodeArray
	}
	most := maxOfKind
	if kind == app.GiteaToken {
		most = math.MaxInt
	}
	listed, err := d.credentialsListed(ctx, r, most, decode)
	var found []app.Credential
	for _, c := range listed {
		found = append(found, app.Credential{
			Kind: kind, User: u.Login, ID: strconv.FormatInt(c.ID, 10), Name: c.label(), End: c.End,
		})
	}
	return found, err
}

// credentialsListed reads a listing, or its first most entries; one that is not
// there is empty.
func (d *Directory) credentialsListed(
	ctx context.Context, r request, most int, decode func(answer) ([]listedCredential, error),
) ([]listedCredential, error) {
	all, _, err := gather(ctx, d, r, most, func(a answer) ([]listedCredential, error) {
		switch {
		case a.absent(), a.status == http.StatusTemporaryRedirect, a.webhooksOff():
			return nil, nil
		case a.status != http.StatusOK:
			return nil, denied(a, a.fault())
		}
		read := decode
		if a.cut {
			read = decodeBeginning
		}
		listed, err := read(a)
		for _, c := range listed {
			if c.ID <= 0 {
				return nil, a.request.failed(true, errUnreadable)
			}
		}
		return listed, err
	})
	return all, err
}

func (d *Directory) secondAddresses(ctx context.Context, u user) ([]app.Credential, error) {
	addresses, err := d.secondEmails(ctx, "list second addresses", u)
	if err != nil {
		return nil, err
	}
	var found []app.Credential
	for _, address := range addresses {
		found = append(found, app.Credential{Kind: app.SecondAddress, User: u.Login, ID: address, Name: address})
	}
	return found, nil
}

// deployKeys lists those of the repositories that the user owns, by a request
// for each. Their id is that of the repository, in a path, and their own.
func (d *Directory) deployKeys(ctx context.Context, u user) ([]app.Credential, error) {
	r := request{op: "list repositories", method: http.MethodGet, path: path("users", u.Login, "repos"), basic: true}
	repositories, err := d.credentialsListed(ctx, r, math.MaxInt, decodeArray)
	if err != nil {
		return nil, err
	}
	var listed atomic.Int64
	found, err := together(ctx, repositories, func(ctx context.Context, repository listedCredential) (found []app.Credential, err error) {
		if listed.Load() >= maxOfKind {
			return nil, nil
		}
		r := request{op: "list deploy keys", method: http.MethodGet, path: deployKeysPath(u.Login, repository.Name), cheap: true}
		keys, err := d.credentialsListed(ctx, r, maxOfKind, decodeArray)
		listed.Add(int64(len(keys)))
		for _, c := range keys {
			found = append(found, app.Credential{
				Kind: app.DeployKey, User: u.Login, ID: fmt.Sprintf("%s/%d", repository.Name, c.ID),
				Name: fmt.Sprintf("%s (%s)", c.label(), repository.Name),
			})
		}
		return found, err
	})
	return slices.Concat(found...), err
}

func deployKeysPath(login, repository string) string { return path("repos", login, repository, "keys") }

// EndCredential implements app.DirectoryCredentials.
func (d *Directory) EndCredential(ctx context.Context, accountID string, c app.Credential) error {
	op := "end " + string(c.Kind)
	u, err := d.marked(ctx, op, app.DirectoryRef{AccountID: accountID, Username: c.User})
	if errors.Is(err, errAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.endOf(ctx, u, c)
}

// endOf ends a credential of a user that was looked at.
func (d *Directory) endOf(ctx context.Context, u user, c app.Credential) error {
	op := "end " + string(c.Kind)
	if c.Kind == app.SecondAddress {
		return d.endAddresses(ctx, op, u, []app.Credential{c})
	}
	target, query, err := whereIs(u, c)
	if err != nil {
		return err
	}
	a, err := d.send(ctx, request{op: op, method: http.MethodDelete, path: target, query: query, cheap: true})
	switch {
	case err != nil:
		return err
	case a.status == http.StatusNoContent:
		return nil
	case a.absent():
		return d.reallyAbsent(ctx, u, c)
	}
	return a.fault()
}

// whereIs is the path by which a credential of the user is deleted.
func whereIs(u user, c app.Credential) (string, url.Values, error) {
	at, isNumbered := numbered[c.Kind]
	if isNumbered && isNumber(c.ID) {
		var query url.Values
		if at.asUser {
			query = as(u)
		}
		return at.remove(u.Login) + "/" + c.ID, query, nil
	}
	// A repository's name has no slash.
	if repository, id, ok := strings.Cut(c.ID, "/"); c.Kind == app.DeployKey && ok && addressable(repository) && isNumber(id) {
		return deployKeysPath(u.Login, repository) + "/" + id, nil, nil
	}
	return "", nil, saga.Refused(&app.Error{Kind: app.Internal, Op: "gitea: end credential", Err: errCredential})
}

// endAddresses deletes those that still are second addresses of the user: Gitea
// answers the same to an address that is absent and to one that is another's.
func (d *Directory) endAddresses(ctx context.Context, op string, u user, all []app.Credential) error {
	wanted := map[string]bool{}
	for _, c := range all {
		wanted[c.ID] = true
	}
	var held []string
	err := d.eachSecondEmail(ctx, op, u, func(email string) bool {
		if wanted[email] {
			held = append(held, email)
		}
		return len(held) < len(wanted)
	})
	if err != nil {
		return err
	}
	return d.deleteEmails(ctx, op, u, held)
}

// reallyAbsent looks once more: Gitea also says that there is no such key if its
// settings forbid people to remove keys.
func (d *Directory) reallyAbsent(ctx context.Context, u user, c app.Credential) error {
	if c.Kind != app.GPGKey {
		return nil
	}
	listed, err := d.credentialsOf(ctx, u, c.Kind)
	if err != nil {
		return err
	}
	for _, l := range listed {
		if l.ID == c.ID {
			return saga.Refused(&app.Error{Kind: app.DirectoryFailed, Op: "gitea: end " + string(c.Kind), Err: errKept})
		}
	}
	return nil
}
