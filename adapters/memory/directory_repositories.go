package memory

import (
	"context"
	"slices"
	"strings"

	"accord/app"
)

var _ app.DirectoryRepositories = (*Directory)(nil)

// CreateRepository is that of app.DirectoryRepositories.
func (d *Directory) CreateRepository(ctx context.Context, ref app.DirectoryRef, r app.NewRepository) (made app.Repository, err error) {
	const call = "CreateRepository"
	err = d.marked(ctx, call, ref, func(e *directoryEntry) error {
		taken := func(name string) bool { return strings.EqualFold(name, r.Name) }
		switch {
		case !app.RepositoryNameAllowed(r.Name):
			return invalid(call, "name", app.Pattern)
		case slices.ContainsFunc(e.Repositories, taken):
			return refused(call, app.RepositoryTaken, nil)
		}
		e.Repositories = append(e.Repositories, r.Name)
		full := e.Username + "/" + r.Name
		made = app.Repository{
			Name: r.Name, FullName: full, Private: r.Private,
			PageURL: "https://gitea.invalid/" + full, CloneURL: "https://gitea.invalid/" + full + ".git",
		}
		return nil
	})
	if err != nil {
		return app.Repository{}, err
	}
	return made, nil
}
