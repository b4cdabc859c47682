package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"accord/adapters/sms"
	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/saga"
)

// newSMS makes the provider that the configuration chooses.
func newSMS(c config.SMS) (app.SMS, error) {
	provider, err := app.SMS(noSMS{}), error(nil)
	switch c.Provider {
	case "dev":
		provider, err = sms.NewFile(sms.FileOptions{Dir: c.Dir, Now: time.Now})
	case "aliyun":
		provider, err = sms.NewAliyun(sms.AliyunOptions{
			AccessKeyID: c.Aliyun.AccessKeyID, AccessKeySecret: c.Aliyun.AccessKeySecret, Endpoint: c.Aliyun.Endpoint,
			Templates: smsTemplates(c.Aliyun.Templates), Parameter: c.Aliyun.Parameter, Timeout: c.Timeout,
		})
	case "http":
		provider, err = sms.NewHTTP(sms.HTTPOptions{
			URL: c.HTTP.URL.Reveal(), Cleartext: c.HTTP.Cleartext, Headers: headerLines(c.HTTP.Headers),
			Encoding: sms.Encoding(c.HTTP.Encoding), Body: c.HTTP.Body,
			SuccessField: c.HTTP.SuccessField, SuccessValue: c.HTTP.SuccessValue, Timeout: c.Timeout,
		})
	}
	if err != nil {
		return nil, fmt.Errorf("sms.%s: %w", c.Provider, err)
	}
	return provider, nil
}

// noSMS is the provider of a platform that sends no short messages.
type noSMS struct{}

func (noSMS) Send(context.Context, app.ShortMessage) error {
	return saga.Refused(&app.Error{Kind: app.SMSFailed, Op: "send short message", Err: errors.New("sms.provider is none")})
}

// smsTemplates reads COUNTRY/LANGUAGE/SIGN/TEMPLATE; * is any. What is of another
// form, which a configuration is not valid with, is passed over.
func smsTemplates(texts []string) []sms.AliyunTemplate {
	var all []sms.AliyunTemplate
	for _, text := range texts {
		parts := strings.Split(text, "/")
		if len(parts) != 4 {
			continue
		}
		all = append(all, sms.AliyunTemplate{
			InternationalCode: strings.Trim(parts[0], "*"), Language: strings.Trim(parts[1], "*"),
			SignName: parts[2], TemplateCode: parts[3],
		})
	}
	return all
}

// headerLines reads lines of NAME: VALUE.
func headerLines(text app.Secret) map[string]app.Secret {
	headers := map[string]app.Secret{}
	for line := range strings.Lines(text.Reveal()) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			headers[strings.TrimSpace(name)] = app.Secret(strings.TrimSpace(value))
		}
	}
	return headers
}
