package api

import (
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"
	"github.com/mileusna/useragent"

	"accord/app"
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

// programs and systems are the names of useragent that may be mailed and logged.
var (
	programs = []string{
		useragent.Chrome, useragent.Edge, useragent.Firefox, useragent.Safari, useragent.Opera, useragent.OperaMini,
		useragent.InternetExplorer, useragent.Vivaldi, useragent.SamsungBrowser,
	}
	systems = []string{
		useragent.Windows, useragent.MacOS, useragent.Linux, useragent.Android, useragent.IOS, useragent.ChromeOS, useragent.FreeBSD,
		useragent.Harmony,
	}
)

// placeOf is where the request came from. Its words are of closed lists: what a
// client says of itself else is not for others' mail.
func placeOf(c echo.Context) app.Place {
	sent := c.Request().Header.Get("User-Agent")
	agent := useragent.Parse(sent[:min(len(sent), maxAgent)])
	place := app.Place{Address: c.RealIP()}
	if slices.Contains(programs, agent.Name) {
		place.Program = agent.Name
	}
	if slices.Contains(systems, agent.OS) {
		place.System = agent.OS
	}
	return place
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
