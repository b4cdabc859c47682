package config_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/cmd/accord/internal/config"
)

// safe is a configuration without a risk.
func safe() config.Config {
	c := config.Default()
	c.HTTP.TrustedProxies = []string{"127.0.0.1"}
	c.Gitea.URL = "https://gitea.example.com"
	c.Storage.Endpoint = "https://storage.example.com"
	c.Database.Driver, c.Database.DSN = "mysql", "accord:x@tcp(db.example.com:3306)/accord?tls=true"
	c.Mail.Host, c.Mail.From = "smtp.example.com", "Accord <accord@example.com>"
	return c
}

func TestRisks(t *testing.T) {
	require.Empty(t, safe().Risks())
	for name, c := range map[string]struct {
		change func(*config.Config)
		key    string
	}{
		"no trusted proxy":        {func(c *config.Config) { c.HTTP.TrustedProxies = nil }, "http.trustedProxies"},
		"Gitea in clear":          {func(c *config.Config) { c.Gitea.URL = "http://gitea:3000" }, "gitea.url"},
		"storage in clear":        {func(c *config.Config) { c.Storage.Endpoint = "http://storage:9000" }, "storage.endpoint"},
		"clients in clear":        {func(c *config.Config) { c.Storage.PublicEndpoint = "http://s3.example.com" }, "storage.publicEndpoint"},
		"clients sent to us":      {func(c *config.Config) { c.Storage.PublicEndpoint = "https://localhost:9000" }, "storage.publicEndpoint"},
		"database in clear":       {func(c *config.Config) { c.Database.DSN = "accord:x@tcp(db:3306)/accord" }, "database.dsn"},
		"database says no TLS":    {func(c *config.Config) { c.Database.DSN = "accord:x@tcp(db:3306)/accord?tls=false" }, "database.dsn"},
		"mail in clear":           {func(c *config.Config) { c.Mail.TLS = "none" }, "mail.tls"},
		"sender at localhost":     {func(c *config.Config) { c.Mail.From = "Accord <accord@localhost>" }, "mail.from"},
		"messages to files":       {func(c *config.Config) { c.SMS.Provider = "dev" }, "sms.provider"},
		"messages by client":      {func(c *config.Config) { c.SMS.Provider, c.SMS.PerClientHour = "aliyun", 0 }, "sms.perClientHour"},
		"messages in all":         {func(c *config.Config) { c.SMS.Provider, c.SMS.PlatformDay = "aliyun", 0 }, "sms.platformDay"},
		"gateway in clear":        {func(c *config.Config) { c.SMS.Provider, c.SMS.HTTP.Cleartext = "http", true }, "sms.http.cleartext"},
		"cheap hashes":            {func(c *config.Config) { c.Password.MemoryKiB = 8 }, "password.memory"},
		"guesses without limit":   {func(c *config.Config) { c.Guard.AccountFree = 0 }, "guard.accountFree"},
		"exempt loopback":         {func(c *config.Config) { c.Guard.ExemptClients = []string{"127.0.0.0/8"} }, "guard.exemptClients"},
		"exempt everyone":         {func(c *config.Config) { c.Guard.ExemptClients = []string{"0.0.0.0/0"} }, "guard.exemptClients"},
		"placeholder":             {func(c *config.Config) { c.Mail.Host = "SMTP.EXAMPLE.COM" }, "mail.host"},
		"placeholder in a list":   {func(c *config.Config) { c.Picture.AllowedHosts = []string{"a.example", "IMG.EXAMPLE.COM"} }, "picture.allowedHosts"},
		"placeholder of a secret": {func(c *config.Config) { c.Gitea.AdminPassword = "Change-Me" }, "gitea.adminPassword"},
		"placeholder of the DSN":  {func(c *config.Config) { c.Database.DSN = "accord:PASSWORD@tcp(db.example.com:3306)/accord?tls=true" }, "database.dsn"},
		"metrics for everyone":    {func(c *config.Config) { c.Metrics.Listen = ":9081" }, "metrics.listen"},
	} {
		t.Run(name, func(t *testing.T) {
			risky := safe()
			c.change(&risky)
			found := risky.Risks()
			require.Len(t, found, 1)
			require.Equal(t, c.key, found[0].Key)
		})
	}
}

// TestRisksNearHome: links that do not leave the machine carry nothing in clear.
func TestRisksNearHome(t *testing.T) {
	c := safe()
	c.Gitea.URL, c.Storage.Endpoint, c.Storage.PublicEndpoint = "http://localhost:3000", "http://[::1]:9000", "https://s3.example.com"
	c.Mail.Host, c.Mail.TLS = "127.0.0.1", "none"
	c.Database.DSN = "accord:x@unix(/run/mysqld.sock)/accord"
	c.Metrics.Listen = "10.1.2.3:9081"
	require.Empty(t, c.Risks())
}

// TestProduction: the configuration that `accord config init` writes, with its
// placeholders replaced and the secrets that it names, is valid and safe.
func TestProduction(t *testing.T) {
	c := loadProduction(t, bytes.ReplaceAll(config.Production(), []byte("EXAMPLE.COM"), []byte("example.com")))
	require.Empty(t, c.Risks())
	for _, line := range strings.Split(string(config.Production()), "\n") {
		require.LessOrEqual(t, len(line), 90)
	}
}

// TestProductionIsToBeFilledIn: what was not replaced is found.
func TestProductionIsToBeFilledIn(t *testing.T) {
	var keys []string
	for _, r := range loadProduction(t, config.Production()).Risks() {
		require.Contains(t, r.Reason, "placeholder")
		keys = append(keys, r.Key)
	}
	require.Equal(t, []string{"issuer", "gitea.url", "storage.endpoint", "mail.host", "mail.from"}, keys)
}

// loadProduction loads the text with the secrets that it names.
func loadProduction(t *testing.T, text []byte) config.Config {
	t.Helper()
	dir := t.TempDir()
	text = bytes.ReplaceAll(text, []byte("/etc/accord"), []byte(dir))
	for name, value := range map[string]string{
		"gitea_admin_password": "hunter2", "storage_admin_password": "hunter2", "mail_password": "hunter2",
		"database_dsn": "accord:hunter2@tcp(db.example.com:3306)/accord?tls=true",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(value), 0o400))
	}
	path := filepath.Join(dir, "accord.yaml")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	c, ignored, err := config.Load(path, nil)
	require.NoError(t, err)
	require.Empty(t, ignored)
	return c
}
