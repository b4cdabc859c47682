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

// tokenEnd is the length of what Gitea's listings show of a token's text.
const tokenEnd = 8

// EndOfToken returns the end of an access token's text, which Gitea shows beside its
// name. A user with a web session there can delete a session's token and make
// another one of its name, but not of its end.
func EndOfToken(token Secret) string {
	text := token.Reveal()
	return text[max(0, len(text)-tokenEnd):]
}

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
