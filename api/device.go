package api

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/mileusna/useragent"
)

const (
	maxDevice = 255 // characters
	maxAgent  = 512 // bytes of a User-Agent that are looked at
)

// Device is what the client says of itself: X-Login-Device, else its
// User-Agent in short; at most 255 printable characters.
func Device(header http.Header) string {
	if said := tidy(header.Get("X-Login-Device")); said != "" {
		return said
	}
	sent := header.Get("User-Agent")
	agent := useragent.Parse(sent[:min(len(sent), maxAgent)])
	parts := []string{strings.TrimSpace(agent.Name + " " + agent.Version), agent.OS, agent.Device}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return tidy(strings.Join(parts, ", "))
}

// tidy keeps printable characters, as many as are kept.
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
