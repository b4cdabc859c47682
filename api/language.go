package api

import (
	"github.com/labstack/echo/v4"
	"golang.org/x/text/language"
)

// The languages of messages. Chinese is spoken to whoever does not ask for
// English.
const (
	Chinese = "zh"
	English = "en"
)

var (
	languages = []string{Chinese, English}
	matcher   = language.NewMatcher([]language.Tag{language.Chinese, language.English})
)

// Language is the one to answer a request in, as its Accept-Language has it.
func Language(c echo.Context) string {
	_, i := language.MatchStrings(matcher, c.Request().Header.Get("Accept-Language"))
	return languages[i]
}

// Phrase is one message in both languages.
type Phrase struct{ ZH, EN string }

// In is the phrase in a language of Language's.
func (p Phrase) In(lang string) string {
	if lang == English {
		return p.EN
	}
	return p.ZH
}
