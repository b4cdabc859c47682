package sms

import (
	"errors"
	"fmt"
	"net/url"

	"accord/app"
)

// AliyunTemplate is an approved text, and whom it is for.
type AliyunTemplate struct {
	// InternationalCode and Language are what messages it is for; empty means
	// any. A template for the country goes before one for the language.
	InternationalCode string
	Language          string
	// SignName and TemplateCode are as approved, e.g. SMS_123456789.
	SignName     string
	TemplateCode string
}

// fit is how well the template suits a message; below 0 not at all.
func (t AliyunTemplate) fit(m app.ShortMessage) int {
	score := 0
	switch t.InternationalCode {
	case m.InternationalCode:
		score += 2
	case "":
	default:
		return -1
	}
	switch t.Language {
	case m.Language:
		score++
	case "":
	default:
		return -1
	}
	return score
}

func choose(templates []AliyunTemplate, m app.ShortMessage) (AliyunTemplate, bool) {
	best, bestFit := AliyunTemplate{}, -1
	for _, t := range templates {
		if fit := t.fit(m); fit > bestFit {
			best, bestFit = t, fit
		}
	}
	return best, bestFit >= 0
}

func checkTemplates(templates []AliyunTemplate) error {
	if len(templates) == 0 {
		return errors.New("sms: no template")
	}
	var faults []error
	seen := map[[2]string]bool{}
	for i, t := range templates {
		if t.SignName == "" || t.TemplateCode == "" {
			faults = append(faults, fmt.Errorf("sms: template %d needs a sign name and a template code", i+1))
		}
		if t.InternationalCode != "" && !consistsOf(t.InternationalCode, isDigit) {
			faults = append(faults, fmt.Errorf("sms: template %d: the country code is not digits", i+1))
		}
		if t.Language != "" && t.Language != "zh" && t.Language != "en" {
			faults = append(faults, fmt.Errorf("sms: template %d: the language is neither zh nor en", i+1))
		}
		key := [2]string{t.InternationalCode, t.Language}
		if seen[key] {
			faults = append(faults, fmt.Errorf("sms: template %d is for the same messages as another", i+1))
		}
		seen[key] = true
	}
	return errors.Join(faults...)
}

func checkHost(endpoint string) error {
	u, err := url.Parse("https://" + endpoint)
	if err != nil || u.Host != endpoint || u.Hostname() == "" {
		return errors.New("sms: the endpoint must be HOST or HOST:PORT")
	}
	return nil
}
