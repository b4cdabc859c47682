package app

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"accord/app/verify"
	"accord/saga"
)

// NewRepository is a repository to create for a user.
type NewRepository struct {
	Name    string
	Private bool
	// AutoInit makes a first commit with a README.
	AutoInit bool
}

// Repository is a repository as Gitea shows it.
type Repository struct {
	Name, FullName string
	Private        bool
	// CloneURL is for git over HTTP, PageURL for a browser.
	CloneURL, PageURL string
}

// DirectoryRepositories creates repositories in Gitea. Safe for concurrent use.
// Nobody retries inside.
type DirectoryRepositories interface {
	// CreateRepository makes a repository of the user that ref names, who must bear
	// the mark of ref.AccountID, else the call is refused with DirectoryFailed.
	// RepositoryTaken, refused, where the user has one of that name, in any case of
	// letters. Invalid, refused, where Gitea does not take the name. After a lost
	// answer it looks for a repository that Gitea made since the call began, and
	// returns it.
	CreateRepository(ctx context.Context, ref DirectoryRef, r NewRepository) (Repository, error)
}

// MaxRepositoryName is Gitea's bound, in characters.
const MaxRepositoryName = 100

var (
	repositoryShape = regexp.MustCompile(`^[0-9A-Za-z_.-]+$`)
	// Names and endings that Gitea keeps for itself.
	reservedRepositories      = []string{".", "..", "-"}
	reservedRepositoryEndings = []string{".wiki", ".git", ".rss", ".atom"}
)

// RepositoryNameAllowed reports whether Gitea takes the name of a repository:
// letters, digits, hyphens, underscores and dots, no two dots in a row, and none
// of the names that Gitea keeps for itself.
func RepositoryNameAllowed(name string) bool {
	key := FoldKey(name)
	return len(name) <= MaxRepositoryName && repositoryShape.MatchString(name) && !strings.Contains(name, "..") &&
		!slices.Contains(reservedRepositories, key) &&
		!slices.ContainsFunc(reservedRepositoryEndings, func(end string) bool { return strings.HasSuffix(key, end) })
}

// CreateRepository makes a repository of the user's own in Gitea, which a
// session's token cannot. It is one remote call that has nothing to undo, and so
// no saga: a DirectoryFailed error may leave the repository there, which a
// repeated call reports as RepositoryTaken. Invalid (field "name"), TooOften,
// RepositoryTaken or DirectoryFailed.
func (s *Service) CreateRepository(ctx context.Context, p Principal, in NewRepository) (Repository, error) {
	const op = "create repository"
	switch {
	case strings.TrimSpace(in.Name) == "":
		return Repository{}, invalid(op, "name", NotBlank)
	case len(in.Name) > MaxRepositoryName:
		return Repository{}, invalid(op, "name", Length)
	case !RepositoryNameAllowed(in.Name):
		return Repository{}, invalid(op, "name", Pattern)
	}
	spent, err := s.admit(ctx, verify.Charge{
		Key:   "repository/account/" + p.Account.ID,
		Limit: verify.Quota(limitRepositories, s.settings.Limits.RepositoriesPerAccountHour, time.Hour),
	})
	if err != nil {
		return Repository{}, failed(op, err)
	}
	made, err := s.Repositories.CreateRepository(ctx, p.Account.Ref(), in)
	if err != nil && saga.IsRefused(err) && KindOf(err) == DirectoryFailed {
		err = s.returnSpent(ctx, spent, err) // a name that Gitea did not take stays charged: it was asked
	}
	return made, failed(op, err)
}
