package gitea

import (
	"errors"
	"slices"
	"strings"
)

// DefaultScopes are the scopes that git over HTTP, packages, organizations,
// issues, pull requests and notifications need. They cannot change the user's
// own account: write:user would let a session's token make credentials that
// outlive the session.
func DefaultScopes() []string {
	return []string{
		"read:user", "write:issue", "write:notification", "write:organization", "write:package", "write:repository",
	}
}

// AllowedScopes are the scopes that a session's token may have. Missing from
// Gitea's own are all, sudo, write:user, those of administrators, and those that
// open nothing a user needs.
func AllowedScopes() []string {
	return []string{
		"public-only", "read:user",
		"read:issue", "write:issue", "read:notification", "write:notification",
		"read:organization", "write:organization", "read:package", "write:package",
		"read:repository", "write:repository",
	}
}

// checkScopes returns an error where a scope is not allowed. It does not repeat the
// scope, since a misplaced secret may stand there.
func checkScopes(scopes []string) error {
	if slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(AllowedScopes(), s) }) {
		return errors.New("gitea: session tokens cannot have one of the scopes; allowed are " +
			strings.Join(AllowedScopes(), ", "))
	}
	return nil
}
