package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// Risk is a setting that is right for development and dangerous in production.
type Risk struct {
	// Key is the setting's key, such as mail.tls.
	Key string
	// Reason says what can happen and what to set instead. It holds no secret.
	Reason string
}

// risk is a rule about one setting: its reason if c breaks it, else empty.
type risk struct {
	key    string
	reason func(c Config) string
}

// Risks returns the settings that a production deployment must not have, in the
// order of the configuration: placeholders, links in clear text that leave this
// machine, and whatever only `accord dev` needs.
func (c Config) Risks() []Risk {
	found := placeholders(c)
	for _, r := range risks {
		if reason := r.reason(c); reason != "" {
			found = append(found, Risk{r.key, reason})
		}
	}
	return found
}

var risks = []risk{
	{"http.trustedProxies", func(c Config) string {
		if len(c.HTTP.TrustedProxies) > 0 || !loopback(hostOf(c.Listen)) {
			return ""
		}
		return "the server listens on this machine only, so its clients come through a proxy, and none is trusted: " +
			"all clients share the proxy's address and its limits; name the proxy's address"
	}},
	{"gitea.url", func(c Config) string {
		return clearURL(c.Gitea.URL, "the administrator's password, people's passwords and tokens")
	}},
	{"storage.endpoint", func(c Config) string { return clearURL(c.Storage.Endpoint, "storage credentials and objects") }},
	{"storage.publicEndpoint", publicEndpoint},
	{"database.dsn", clearDatabase},
	{"mail.tls", func(c Config) string {
		if c.Mail.TLS != "none" || loopback(c.Mail.Host) {
			return ""
		}
		return "verification codes travel in clear text; set starttls or implicit"
	}},
	{"mail.from", func(c Config) string {
		address, err := mail.ParseAddress(c.Mail.From)
		if err != nil || !strings.HasSuffix(address.Address, "@localhost") {
			return ""
		}
		return "no mail server on the internet takes a sender at localhost; set an address of the platform's domain"
	}},
	{"sms.provider", func(c Config) string {
		if c.SMS.Provider != "dev" {
			return ""
		}
		return "messages are written to files and reach no telephone; set aliyun, http or none"
	}},
	{"sms.perClientHour", func(c Config) string {
		if c.SMS.Provider == "none" || c.SMS.PerClientHour > 0 {
			return ""
		}
		return "one client can send any number of messages; set a limit such as 20"
	}},
	{"sms.platformDay", func(c Config) string {
		if c.SMS.Provider == "none" || c.SMS.PlatformDay > 0 {
			return ""
		}
		return "the cost of messages has no bound; set a limit such as 1000"
	}},
	{"sms.http.cleartext", func(c Config) string {
		if c.SMS.Provider != "http" || !c.SMS.HTTP.Cleartext {
			return ""
		}
		return "codes and the gateway's keys travel in clear text; use a gateway with https"
	}},
	{"password.memory", func(c Config) string {
		if c.Password.MemoryKiB*c.Password.Passes >= leastHashWork {
			return ""
		}
		return "hashes are cheap to guess; set at least 19456 KiB with 2 passes, or 47104 KiB with 1"
	}},
	{"guard.accountFree", func(c Config) string {
		if c.Guard.AccountFree > 0 && c.Guard.AccountLockAfter > 0 {
			return ""
		}
		return "passwords of one account can be guessed without a limit; set accountFree and accountLockAfter"
	}},
	{"guard.exemptClients", func(c Config) string {
		if !exemptsLoopback(c.Guard.ExemptClients) {
			return ""
		}
		return "clients on this machine, and through a proxy that is not trusted everyone, guess passwords without a limit; " +
			"leave loopback addresses out"
	}},
	{"metrics.listen", func(c Config) string {
		if c.Metrics.Listen == "" || loopback(hostOf(c.Metrics.Listen)) || private(hostOf(c.Metrics.Listen)) {
			return ""
		}
		return "everyone who reaches the address can read it; name an address of the operators' network"
	}},
}

// leastHashWork is that of OWASP's weakest choice for Argon2id with one lane, in
// KiB times passes (Password Storage Cheat Sheet: 19 MiB with 2 passes).
const leastHashWork = 19456 * 2

// clearURL returns the reason against an http URL that leaves this machine.
func clearURL(text, carries string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" || loopback(u.Hostname()) {
		return ""
	}
	return fmt.Sprintf("%s travel in clear text; set an https URL", carries)
}

// publicEndpoint judges where clients are sent for their objects.
func publicEndpoint(c Config) string {
	text := c.Storage.PublicEndpoint
	if text == "" {
		text = c.Storage.Endpoint
	}
	u, err := url.Parse(text)
	if err == nil && loopback(u.Hostname()) {
		return "clients are told an address of this machine, where they find nothing; set the one that they reach"
	}
	if c.Storage.PublicEndpoint == "" {
		return "" // storage.endpoint is judged by its own rule
	}
	return clearURL(text, "people's objects and session tokens")
}

func clearDatabase(c Config) string {
	if c.Database.Driver != "mysql" {
		return ""
	}
	dsn, err := mysql.ParseDSN(c.Database.DSN.Reveal())
	if err != nil || dsn.Net != "tcp" || loopback(hostOf(dsn.Addr)) || dsn.TLSConfig != "" && dsn.TLSConfig != "false" {
		return ""
	}
	return "the database's password and all accounts travel in clear text; add ?tls=true, or use a socket"
}

// hostOf returns the host of HOST:PORT, empty for every interface.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

// loopback reports whether the host is this machine.
func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761, 6.3
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// private reports whether the host is an address that the internet does not route.
func private(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && (address.IsPrivate() || address.IsLinkLocalUnicast())
}

func exemptsLoopback(networks []string) bool {
	for _, text := range networks {
		prefix, err := netip.ParsePrefix(text)
		if address, addressErr := netip.ParseAddr(text); addressErr == nil {
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err == nil && (prefix.Addr().IsLoopback() || prefix.Contains(netip.MustParseAddr("127.0.0.1")) || prefix.Contains(netip.IPv6Loopback())) {
			return true
		}
	}
	return false
}
