package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"accord/adapters/gitea"
)

// Validate finds every fault of the configuration: an error of one line each,
// with the key, what is wrong and what to do, and no value.
func (c Config) Validate() error { return c.validate(nil) }

// validate is Validate without the settings that another fault is reported of.
func (c Config) validate(except []string) error {
	judge, err := newJudge()
	if err != nil {
		return err
	}
	var found validator.ValidationErrors
	if err := judge.Struct(c); !errors.As(err, &found) {
		return err
	}
	var faults []error
	for _, f := range found {
		_, key, _ := strings.Cut(f.Namespace(), ".") // less the name of the struct
		key, _, _ = strings.Cut(key, "[")            // less the place in a list
		if !slices.Contains(except, key) {
			faults = append(faults, fmt.Errorf("%s: %s; set it in the file, or by %s", key, wrong(f), ways(key, c)))
		}
	}
	return errors.Join(faults...)
}

// ways names the variables that the setting can come from.
func ways(key string, c Config) string {
	for _, s := range settingsOf(&c) {
		if s.key == key && s.secret() {
			return EnvName(key) + " or " + EnvName(key+fileSuffix)
		}
	}
	return EnvName(key)
}

func newJudge() (*validator.Validate, error) {
	judge := validator.New(validator.WithRequiredStructEnabled())
	judge.RegisterTagNameFunc(func(f reflect.StructField) string { return f.Tag.Get("koanf") })
	return judge, errors.Join(
		judge.RegisterValidation("listen", isListen),
		judge.RegisterValidation("nouser", hasNoUser),
		judge.RegisterValidation("hostonly", hasHostOnly),
		judge.RegisterValidation("mailbox", isMailbox),
		judge.RegisterValidation("smstemplate", isTemplate),
		judge.RegisterValidation("headerlines", areHeaderLines),
		judge.RegisterValidation("oneline", isOneLine),
		judge.RegisterValidation("giteascope", isGiteaScope),
		judge.RegisterValidation("weborigin", isWebOrigin),
	)
}

// isListen accepts host:port, :port and port 0.
func isListen(f validator.FieldLevel) bool {
	_, port, err := net.SplitHostPort(f.Field().String())
	if err != nil {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n <= 65535
}

// hasNoUser refuses URLs that would carry a password outside its own setting.
func hasNoUser(f validator.FieldLevel) bool {
	u, err := url.Parse(f.Field().String())
	return err == nil && u.User == nil
}

// hasHostOnly wants a URL of nothing but scheme, host and port.
func hasHostOnly(f validator.FieldLevel) bool {
	u, err := url.Parse(f.Field().String())
	return err == nil && u.User == nil && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == ""
}

func isMailbox(f validator.FieldLevel) bool {
	_, err := mail.ParseAddress(f.Field().String())
	return err == nil
}

func isTemplate(f validator.FieldLevel) bool { return strings.Count(f.Field().String(), "/") == 3 }

func areHeaderLines(f validator.FieldLevel) bool {
	for line := range strings.Lines(f.Field().String()) {
		if strings.TrimSpace(line) != "" && !strings.Contains(line, ":") {
			return false
		}
	}
	return true
}

func isOneLine(f validator.FieldLevel) bool {
	text := f.Field().String()
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

func isGiteaScope(f validator.FieldLevel) bool {
	return slices.Contains(gitea.AllowedScopes(), f.Field().String())
}

// isWebOrigin wants an origin as a browser writes it, which names no default port and
// no path. Any origin at all is refused where its pages could send cookies.
func isWebOrigin(f validator.FieldLevel) bool {
	origin := f.Field().String()
	if origin == "*" {
		c, ok := f.Top().Interface().(Config)
		return ok && !c.HTTP.AllowCredentials
	}
	if named, anyPort := strings.CutSuffix(origin, ":*"); anyPort {
		u, err := url.Parse(named)
		return err == nil && slices.Contains([]string{"localhost", "127.0.0.1", "[::1]"}, u.Host) && u.String() == u.Scheme+"://"+u.Host
	}
	u, err := url.Parse(origin)
	if err != nil || u.Hostname() == "" || strings.Contains(u.Host, "*") || origin != u.Scheme+"://"+strings.ToLower(u.Host) {
		return false
	}
	defaultPort, ok := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return ok && u.Port() != defaultPort && !strings.HasSuffix(u.Host, ":")
}

// wrongs say what rules without a parameter ask for.
var wrongs = map[string]string{
	"required":            "is missing",
	"required_if":         "is missing",
	"required_with":       "is missing",
	"listen":              "is not an address to listen on, such as localhost:8081 or :8081",
	"timezone":            "is not a time zone of the tz database, such as Asia/Shanghai",
	"http_url":            "is not an http or https URL, such as http://gitea:3000",
	"nouser":              "has a user or password in its URL; they have settings of their own",
	"hostonly":            "has more than scheme, host and port",
	"excluded_if":         "would travel in clear: mail.tls must be starttls or implicit",
	"mailbox":             "is not a mail address, such as Accord <accord@example.com>",
	"hostname_rfc1123|ip": "is not a host name or IP address",
	"smstemplate":         "has an item that is not COUNTRY/LANGUAGE/SIGN/TEMPLATE, such as 86/zh/SIGN/SMS_123456789",
	"headerlines":         "has a line that is not NAME: VALUE",
	"oneline":             "is not one line of printable characters",
	"number":              "has an item that is no country code, such as 86",
	"giteascope": "has an item that session tokens cannot have; allowed are " +
		strings.Join(gitea.AllowedScopes(), ", "),
	"weborigin": "has an item that is not an origin as browsers send it, such as https://app.example.com (no path, no default port; " +
		"http://localhost:* for any port of this machine; * only without http.allowCredentials)",
	"ip|cidr": "has an item that is no IP address or range, such as 10.0.0.0/8",
}

// wrong says what the rule that was broken asks for.
func wrong(f validator.FieldError) string {
	if said, ok := wrongs[f.Tag()]; ok {
		return said
	}
	switch f.Tag() {
	case "oneof":
		return "is none of " + strings.ReplaceAll(f.Param(), " ", ", ")
	case "min":
		return "is less than " + f.Param()
	case "gtfield":
		return "is not more than " + beside(f)
	case "gtefield":
		return "is less than " + beside(f)
	case "max":
		return "is more than " + f.Param()
	default:
		return "breaks the rule " + f.Tag()
	}
}

// beside is the key, within its group, of the setting that a rule compares with.
func beside(f validator.FieldError) string {
	return strings.ToLower(f.Param()[:1]) + f.Param()[1:]
}
