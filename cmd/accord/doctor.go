package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"accord/adapters/gitea"
	"accord/adapters/keyring"
	"accord/cmd/accord/internal/config"
	"accord/saga"
	"accord/store"
)

// doctorWait bounds the whole examination.
const doctorWait = time.Minute

func newDoctor() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Ask each system for what this configuration needs of it, and say what to do about each fault",
		Args:  noArgs,
	}
	path := configFlag(cmd)
	output := cmd.Flags().String("output", "table", "table or json")
	production := cmd.Flags().Bool("production", false, "fail on settings for development and on links in clear text, which are warnings otherwise")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		printers := map[string]func(io.Writer, []finding) error{"table": printTable, "json": printJSON}
		printFindings, known := printers[*output]
		if !known {
			return fmt.Errorf("--output is %q: it is table or json", *output)
		}
		c, err := loadConfig(cmd, *path)
		if err != nil {
			return err
		}
		findings := append(examineSettings(c, *production), examine(cmd.Context(), c, *production)...)
		if err := printFindings(cmd.OutOrStdout(), findings); err != nil {
			return err
		}
		return faultsIn(findings)
	}
	return cmd
}

// examineSettings finds settings that do not belong in production: faults of a
// production deployment, else warnings.
func examineSettings(c config.Config, production bool) []finding {
	const system = "configuration"
	risks := c.Risks()
	if len(risks) == 0 {
		return []finding{found(system, "production", "no setting for development, no link in clear text")}
	}
	findings := make([]finding, len(risks))
	for i, r := range risks {
		if production {
			findings[i] = fault(system, r.Key, r.Reason)
		} else {
			findings[i] = warning(system, r.Key, "not for production: %s", r.Reason)
		}
	}
	return findings
}

// examine asks every system, all at the same time, and removes what it made for it.
func examine(ctx context.Context, c config.Config, production bool) []finding {
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	gitea := func(ctx context.Context, c config.Config) []finding { return examineGitea(ctx, c, production) }
	checks := []func(context.Context, config.Config) []finding{examineStore, gitea, examineStorage, examineMail}
	parts := make([][]finding, len(checks))
	var asked sync.WaitGroup
	for i, check := range checks {
		asked.Go(func() { parts[i] = check(ctx, c) })
	}
	asked.Wait()
	var all []finding
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

func examineStore(ctx context.Context, c config.Config) []finding {
	ring, err := keyring.Load(c.Keys.File)
	if err != nil {
		findings := []finding{fault("keys", "key ring", fmt.Errorf("%w; `accord keys create` makes one where there is none", err))}
		findings = append(findings, notTried("database", "the key ring", "reachability", "version")...)
		return append(findings, notTried("sagas", "the key ring", "stuck")...)
	}
	findings := []finding{found("keys", "key ring", "%s", c.Keys.File)}
	s, err := openStore(ctx, c, ring, slog.New(slog.DiscardHandler))
	if err != nil {
		findings = append(findings, fault("database", "reachability", fmt.Errorf("%w; check database.dsn and that it runs", err)))
		findings = append(findings, notTried("database", "the database", "version")...)
		return append(findings, notTried("sagas", "the database", "stuck")...)
	}
	defer func() { _ = s.Close() }() // only asked
	findings = append(findings, found("database", "reachability", "%s", c.Database.Driver))
	var version int64
	if err = s.CheckSchema(ctx); err == nil {
		version, _, err = s.SchemaVersion(ctx)
	}
	if err != nil {
		return append(append(findings, fault("database", "version", err)), notTried("sagas", "a database of this version", "stuck")...)
	}
	return append(findings, found("database", "version", "schema %d", version), examineSagas(ctx, s))
}

// stuckCounted is how many stuck sagas are counted.
const stuckCounted = 100

// examineSagas warns of sagas that wait for an operator.
func examineSagas(ctx context.Context, s *store.Store) finding {
	const system, check = "sagas", "stuck"
	stuck, err := s.Archive.List(ctx, saga.Filter{Stuck: true}, saga.Page{Limit: stuckCounted})
	switch {
	case err != nil:
		return fault(system, check, err)
	case len(stuck) == 0:
		return found(system, check, "none")
	case len(stuck) == stuckCounted:
		return warning(system, check, "%d or more wait for an operator; `accord saga list --stuck` names them", stuckCounted)
	}
	return warning(system, check, "%d wait for an operator; `accord saga list --stuck` names them", len(stuck))
}

func examineGitea(ctx context.Context, c config.Config, production bool) []finding {
	const system = "gitea"
	directory, err := newGitea(c.Gitea, nil)
	if err != nil {
		return []finding{fault(system, "configuration", err)}
	}
	defer directory.Close()
	report, err := directory.Probe(ctx)
	if err != nil {
		findings := []finding{fault(system, "reachability", fmt.Errorf("%w; check gitea.url and that it runs", err))}
		return append(findings, notTried(system, "Gitea's answer", "administrator", "clock", "password policy", "settings")...)
	}
	findings := []finding{found(system, "reachability", "%s", c.Gitea.URL)}
	if report.Version != "" {
		findings = append(findings, found(system, "version", "%s", report.Version))
	}
	if report.Admin {
		findings = append(findings, found(system, "administrator", "%s", c.Gitea.AdminUser))
	}
	if len(report.Faults) == 0 {
		findings = append(findings,
			found(system, "clock", "%s off", report.ClockSkew), found(system, "password policy", "takes what Accord takes"))
	}
	if len(report.Faults) > 0 {
		findings = append(findings, faultsOf(system, report.Faults)...)
		return append(findings, notTried(system, mended, "clock", "password policy", "settings")...)
	}
	return append(findings, examineGiteaSettings(ctx, directory, c.HTTP.AllowedOrigins, production)...)
}

// mended is what checks need that are judged only if their system has no fault.
const mended = "the faults above mended"

// examineGiteaSettings finds settings of Gitea that are not as recommended: faults
// of a production deployment if they leave a door open, else warnings.
func examineGiteaSettings(ctx context.Context, directory *gitea.Directory, origins []string, production bool) []finding {
	const system = "gitea"
	settings, err := directory.ProbeSettings(ctx, origins)
	if err != nil {
		return []finding{fault(system, "settings", err)}
	}
	findings := make([]finding, len(settings))
	for i, s := range settings {
		switch {
		case s.NotTried != "":
			findings[i] = finding{System: system, Check: s.Name, NotTried: true, Detail: "not tried: " + s.NotTried}
		case s.Advice != "" && s.Door && production:
			findings[i] = fault(system, s.Name, s.Advice)
		case s.Advice != "":
			findings[i] = warning(system, s.Name, "%s", s.Advice)
		case s.Rest != "":
			findings[i] = found(system, s.Name, "as recommended; %s", s.Rest)
		default:
			findings[i] = found(system, s.Name, "as recommended")
		}
	}
	return findings
}

func examineStorage(ctx context.Context, c config.Config) []finding {
	const system = "storage"
	storage, err := newStorage(c.Storage, nil)
	if err != nil {
		return []finding{fault(system, "configuration", err)}
	}
	defer storage.Close()
	report := storage.Probe(ctx)
	var findings []finding
	if report.Version != "" {
		findings = append(findings,
			found(system, "reachability", "%s", c.Storage.Endpoint), found(system, "version", "%s", report.Version))
	}
	if len(report.Faults) > 0 {
		findings = append(findings, faultsOf(system, report.Faults)...)
		return append(findings, notTried(system, mended, "administrator", "clock", "homes and pictures", "policy", "temporary credentials")...)
	}
	return append(findings,
		found(system, "administrator", "%s", c.Storage.AdminUser), found(system, "clock", "%s off", report.Skew),
		found(system, "homes and pictures", "%s-*", c.Storage.Bucket),
		found(system, "policy", "%s: two users were tried, neither could see the other's home", c.Storage.Policy), found(system, "temporary credentials", "granted and revoked"))
}

func examineMail(ctx context.Context, c config.Config) []finding {
	mailer, err := newMailer(c)
	if err == nil {
		err = mailer.Ping(ctx)
	}
	if err != nil {
		return []finding{fault("mail", "reachability", fmt.Errorf("%w; check mail.host, mail.port, mail.tls and the credentials", err))}
	}
	return []finding{found("mail", "reachability", "%s:%d", c.Mail.Host, c.Mail.Port)}
}

func faultsOf(system string, texts []string) []finding {
	findings := make([]finding, len(texts))
	for i, text := range texts {
		findings[i] = fault(system, "requirement", text)
	}
	return findings
}
