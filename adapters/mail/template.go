package mail

import (
	"embed"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io/fs"
	"path"
	"strings"
	texttemplate "text/template"

	"accord/app"
)

// files holds for each kind and language KIND.LANGUAGE.txt, whose block
// "subject" is the subject line, and KIND.LANGUAGE.html, whose block "content"
// stands in layout.html. A kind is added by adding its files; LANGUAGE is "any"
// if the words come from tables.
//
//go:embed templates
var files embed.FS

// page is what templates are filled with.
type page struct {
	Kind               app.MailKind
	Language           string
	Username, Platform string
	// Code is shown by the kind that brings one.
	Code string
	// Purpose and Place are those of a code; empty if they are not known.
	Purpose, Place string
	// Sections are those of a notice.
	Sections []section
	// Contact says how to reach the administrators; empty if that is not set.
	Contact string
	// Footer ends every message, a paragraph each.
	Footer []string
	// Subject is known to the HTML only.
	Subject string
}

// rendered is a message as text.
type rendered struct{ subject, text, html string }

// templates are found by name, KIND.LANGUAGE.
type templates map[string]pair

type pair struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

// loadTemplates parses every template, and reports all that do not parse.
func loadTemplates(from fs.FS) (templates, error) {
	texts, err := fs.Glob(from, "templates/*.txt")
	if err != nil {
		return nil, fmt.Errorf("mail: list templates: %w", err)
	}
	all, faults := templates{}, []error(nil)
	for _, file := range texts {
		text, textErr := texttemplate.ParseFS(from, file)
		html, htmlErr := htmltemplate.ParseFS(from, "templates/layout.html", strings.TrimSuffix(file, ".txt")+".html")
		faults = append(faults, textErr, htmlErr)
		all[strings.TrimSuffix(path.Base(file), ".txt")] = pair{text, html}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("mail: parse templates: %w", err)
	}
	return all, nil
}

// render fills the templates of the page's kind and language.
func (t templates) render(p page) (rendered, error) {
	name := string(p.Kind) + "." + p.Language
	if p.Kind == app.MailNotice {
		name = string(p.Kind) + ".any"
	}
	found, ok := t[name]
	if !ok {
		return rendered{}, fmt.Errorf("no template %q", name)
	}
	var subject, text, html strings.Builder
	if err := found.text.ExecuteTemplate(&subject, "subject", p); err != nil {
		return rendered{}, err
	}
	p.Subject = oneLine(subject.String())
	if err := found.text.Execute(&text, p); err != nil {
		return rendered{}, err
	}
	if err := found.html.Execute(&html, p); err != nil {
		return rendered{}, err
	}
	return rendered{subject: p.Subject, text: strings.Join(append([]string{strings.TrimSpace(text.String())}, p.Footer...), "\n\n") + "\n", html: html.String()}, nil
}
