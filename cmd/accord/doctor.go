package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/spf13/cobra"

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
		Args:  cobra.NoArgs,
	}
	path := configFlag(cmd)
	output := cmd.Flags().String("output", "table", "table or json")
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
		findings := examine(cmd.Context(), c)
		if err := printFindings(cmd.OutOrStdout(), findings); err != nil {
			return err
		}
		return faultsIn(findings)
	}
	return cmd
}

// examine asks every system, all at the same time, and changes none.
func examine(ctx context.Context, c config.Config) []finding {
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	checks := []func(context.Context, config.Config) []finding{examineStore, examineGitea, examineStorage, examineMail}
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
		return []finding{fault("keys", "key ring", fmt.Errorf("%w; `accord keys create` makes one where there is none", err))}
	}
	findings := []finding{found("keys", "key ring", "%s", c.Keys.File)}
	s, err := openStore(ctx, c, ring, slog.New(slog.DiscardHandler))
	if err != nil {
		return append(findings, fault("database", "reachability", fmt.Errorf("%w; check database.dsn and that it runs", err)))
	}
	defer func() { _ = s.Close() }() // only asked
	findings = append(findings, found("database", "reachability", "%s", c.Database.Driver))
	if err := s.CheckSchema(ctx); err != nil {
		return append(findings, fault("database", "version", err))
	}
	version, _, err := s.SchemaVersion(ctx)
	if err != nil {
		return append(findings, fault("database", "version", err))
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

func examineGitea(ctx context.Context, c config.Config) []finding {
	const system = "gitea"
	directory, err := newGitea(c.Gitea, nil)
	if err != nil {
		return []finding{fault(system, "configuration", err)}
	}
	defer directory.Close()
	report, err := directory.Probe(ctx)
	if err != nil {
		return []finding{fault(system, "reachability", fmt.Errorf("%w; check gitea.url and that it runs", err))}
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
	return append(findings, faultsOf(system, report.Faults)...)
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
	if len(report.Faults) == 0 {
		findings = append(findings,
			found(system, "administrator", "%s", c.Storage.AdminUser), found(system, "clock", "%s off", report.Skew),
			found(system, "bucket and policy", "%s", c.Storage.Bucket), found(system, "temporary credentials", "granted and revoked"))
	}
	return append(findings, faultsOf(system, report.Faults)...)
}

func examineMail(ctx context.Context, c config.Config) []finding {
	mailer, err := newMailer(c.Mail)
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
