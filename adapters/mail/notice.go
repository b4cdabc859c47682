package mail

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"accord/app"
)

// section is a notice in one language.
type section struct {
	Headline, Means string
	// Facts are what, when and from where, one to a line.
	Facts []string
	// Remedy is what to do, and Contact whom to turn to.
	Remedy, Contact string
	Last            string
}

// sections are the notice in its language, or in both.
func (m *Mailer) sections(n app.Notice, language string) []section {
	languages := []string{language}
	if language == "" {
		languages = []string{"zh", "en"}
	}
	all := make([]section, len(languages))
	for i, l := range languages {
		all[i] = section{
			Headline: happened[n.Kind].in(l), Means: means[n.Kind].in(l), Facts: m.facts(n, l),
			Remedy: remedyOf(n).in(l), Contact: m.contact(l),
		}
		if n.Last {
			all[i].Last = lastLine.in(l)
		}
	}
	return all
}

// remedyOf is advice that the notice's reader can follow.
func remedyOf(n app.Notice) phrase {
	switch {
	case n.By == app.ByAdministrator || n.By == app.ByOperator:
		return remedy[n.By]
	case n.Former:
		return formerRemedy
	case n.Closed:
		return closedRemedy
	}
	return remedy[n.By]
}

// contact says how to reach the administrators, if that is set.
func (m *Mailer) contact(language string) string {
	if m.options.Contact == "" {
		return ""
	}
	return contactLine.in(language) + m.options.Contact
}

func (m *Mailer) facts(n app.Notice, language string) []string {
	facts := []string{whenLine.in(language) + m.moment(n.At)}
	if n.From != (app.Place{}) {
		facts = append(facts, whereLine.in(language)+placeIn(n.From, language))
	}
	if !n.Until.IsZero() {
		facts = append(facts, untilLine.in(language)+m.moment(n.Until))
	}
	if n.Role != "" {
		facts = append(facts, roleLine.in(language)+cmp.Or(roles[n.Role].in(language), string(n.Role)))
	}
	if len(n.Ended) > 0 {
		facts = append(facts, endedLine.in(language)+endedIn(n.Ended, language))
	}
	if n.Keys > 0 {
		facts = append(facts, keysLine.in(language)+strconv.Itoa(n.Keys))
	}
	return facts
}

// endedIn lists the kinds of credentials with their numbers.
func endedIn(ended map[app.CredentialKind]int, language string) string {
	var all []string
	for _, c := range credentials {
		if n := ended[c.kind]; n > 0 {
			all = append(all, fmt.Sprintf("%s (%d)", c.name.in(language), n))
		}
	}
	return strings.Join(all, enumerated.in(language))
}

// moment is a time in the platform's zone, with the zone's name and offset.
func (m *Mailer) moment(t time.Time) string {
	t = t.In(m.options.Zone)
	return t.Format("2006-01-02 15:04:05 (UTC-07:00, ") + m.options.Zone.String() + ")"
}

// placeIn names the address and the device. Its words are of closed lists.
func placeIn(p app.Place, language string) string {
	address := p.Address
	if address == "" {
		address = unknownAddress.in(language)
	}
	device := p.Program
	switch {
	case p.System == "":
	case device == "":
		device = p.System
	default:
		device += onSystem.in(language) + p.System
	}
	return strings.TrimSuffix(address+between.in(language)+device, between.in(language))
}
