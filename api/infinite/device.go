package infinite

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/mileusna/useragent"
)

const (
	maxDevice = 255 // characters, the document's column
	maxAgent  = 512 // bytes of a User-Agent that are looked at
)

// device is what the client says of itself: X-Login-Device, else its
// User-Agent in short.
func device(header http.Header) string {
	if said := tidy(header.Get("X-Login-Device")); said != "" {
		return said
	}
	sent := header.Get("User-Agent")
	agent := useragent.Parse(sent[:min(len(sent), maxAgent)])
	parts := []string{strings.TrimSpace(agent.Name + " " + agent.Version), agent.OS, agent.Device}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return tidy(strings.Join(parts, ", "))
}

// tidy keeps printable characters, as many as the column holds.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			return r
		}
		return -1
	}, s)
	runes := []rune(strings.TrimSpace(s))
	return strings.TrimSpace(string(runes[:min(len(runes), maxDevice)]))
}
