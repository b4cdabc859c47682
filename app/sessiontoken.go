package app

import "strings"

const (
	// GiteaTokenPrefix begins the names of sessions' access tokens in Gitea. A
	// person's own token may begin so too: SessionOfToken decides.
	GiteaTokenPrefix = "accord-"
	// sessionIDLength is the length of a session's id.
	sessionIDLength = 26
)

// GiteaTokenName returns the name of the session's access token in Gitea.
func (s Session) GiteaTokenName() string { return GiteaTokenPrefix + s.ID }

// SessionOfToken returns the id of the session whose access token in Gitea has
// this name. It reports false for any other name: such a token is not ours.
func SessionOfToken(name string) (session string, ok bool) {
	session, ok = strings.CutPrefix(name, GiteaTokenPrefix)
	if !ok || len(session) != sessionIDLength || strings.ContainsFunc(session, notInSessionID) {
		return "", false
	}
	return session, true
}

func notInSessionID(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }
