package gitea

import (
	"context"
	"net/http"
	"strings"
	"time"

	"accord/app"
	"accord/saga"
)

var _ app.DirectoryRepositories = (*Directory)(nil)

// repository is what Gitea shows of one.
type repository struct {
	Name     string `json:"name"`
	FullName string `json:"full_name"`
	Private  bool   `json:"private"`
	CloneURL string `json:"clone_url"`
	HTMLURL  string `json:"html_url"`
	Owner    struct {
		ID int64 `json:"id"`
	} `json:"owner"`
}

type newRepository struct {
	Name     string `json:"name"`
	Private  bool   `json:"private"`
	AutoInit bool   `json:"auto_init"`
}

// CreateRepository implements app.DirectoryRepositories. The administrator creates
// it, so that Gitea's MAX_CREATION_LIMIT does not apply.
func (d *Directory) CreateRepository(ctx context.Context, ref app.DirectoryRef, r app.NewRepository) (app.Repository, error) {
	const op = "create repository"
	if !app.RepositoryNameAllowed(r.Name) { // Gitea answers some of these by 500
		return app.Repository{}, invalidRepository(op)
	}
	u, err := d.marked(ctx, op, ref)
	if err != nil {
		return app.Repository{}, err
	}
	switch _, found, err := d.repositoryOf(ctx, u, r.Name); {
	case err != nil:
		return app.Repository{}, err
	case found:
		return app.Repository{}, repositoryTaken(op)
	}
	a, err := d.send(ctx, request{
		op: op, method: http.MethodPost, path: path("admin", "users", u.Login, "repos"),
		body: newRepository{Name: r.Name, Private: r.Private, AutoInit: r.AutoInit},
	})
	switch {
	case err != nil:
		return d.afterLostAnswer(ctx, u, r, err)
	case a.status == http.StatusCreated:
		made, err := a.repository(u, r.Name)
		return made.view(), err
	case a.status == http.StatusConflict:
		return app.Repository{}, repositoryTaken(op)
	case a.status == http.StatusUnprocessableEntity:
		return app.Repository{}, invalidRepository(op)
	case certain(a.status):
		return app.Repository{}, a.fault()
	}
	return d.afterLostAnswer(ctx, u, r, a.fault())
}

// lookAgain bounds the look for a repository after a lost answer.
const lookAgain = 2 * time.Second

// afterLostAnswer returns the repository if it is there by now, else why. It was
// not there before, so that this call created it, or the user did meanwhile.
func (d *Directory) afterLostAnswer(ctx context.Context, u user, r app.NewRepository, why error) (app.Repository, error) {
	if saga.IsRefused(why) {
		return app.Repository{}, why
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookAgain)
	defer cancel()
	made, found, err := d.repositoryOf(ctx, u, r.Name)
	if err != nil || !found {
		return app.Repository{}, unknown(why)
	}
	return made.view(), nil
}

// repositoryOf finds the user's repository of that name, in any case of letters.
// One that had the name once is not found.
func (d *Directory) repositoryOf(ctx context.Context, u user, name string) (repository, bool, error) {
	// By the password: a token for most other requests has no scope for this one.
	a, err := d.send(ctx, request{op: "look up repository", method: http.MethodGet, path: path("repos", u.Login, name), basic: true})
	switch {
	case err != nil:
		return repository{}, false, err
	case a.absent(), a.status >= 300 && a.status < 400:
		return repository{}, false, nil
	case a.status != http.StatusOK:
		return repository{}, false, a.fault()
	}
	r, err := a.repository(u, name)
	return r, err == nil, err
}

// repository reads an answer that shows the user's repository of that name.
func (a answer) repository(u user, name string) (repository, error) {
	var r repository
	if err := a.decode(&r); err != nil {
		return repository{}, err
	}
	if r.Owner.ID != u.ID || !strings.EqualFold(r.Name, name) {
		return repository{}, a.request.failed(false, errUnreadable)
	}
	return r, nil
}

func (r repository) view() app.Repository {
	return app.Repository{Name: r.Name, FullName: r.FullName, Private: r.Private, CloneURL: r.CloneURL, PageURL: r.HTMLURL}
}

func repositoryTaken(op string) error {
	return saga.Refused(&app.Error{Kind: app.RepositoryTaken, Op: "gitea: " + op})
}

func invalidRepository(op string) error {
	return saga.Refused(&app.Error{
		Kind: app.Invalid, Op: "gitea: " + op, Violations: []app.Violation{{Field: "name", Rule: app.Pattern}},
	})
}
