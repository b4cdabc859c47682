package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"accord/adapters/breaker"
	"accord/adapters/captcha"
	"accord/adapters/gitea"
	"accord/adapters/ident"
	"accord/adapters/keyring"
	"accord/adapters/mail"
	"accord/adapters/metrics"
	"accord/adapters/minio"
	"accord/adapters/password"
	"accord/adapters/token"
	"accord/api"
	"accord/api/community"
	"accord/api/infinite"
	"accord/api/jpress"
	"accord/api/portal"
	"accord/api/registry"
	sessionapi "accord/api/session"
	"accord/app"
	"accord/app/verify"
	"accord/cmd/accord/internal/config"
	"accord/saga"
	"accord/store"

	"golang.org/x/time/rate"
)

// firstUserNumber is when user numbers begin; see ident.Options.Start.
var firstUserNumber = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// parts are what a server is made of, wired. They are closed after use.
type parts struct {
	keys    *keyring.Live
	store   *store.Store
	machine *machine
	ids     *ident.Generator
	gitea   *gitea.Directory
	storage *minio.Storage
	runner  *saga.Runner
	metrics *metrics.Metrics
	ready   *api.Readiness
	digests app.Digests
	// admission is shared by the use cases and the introspection of tokens.
	admission *verify.Admission
	service   *app.Service
	handler   http.Handler
}

// wire connects everything; only the database is asked for anything. A database
// that is not migrated is an error that says so.
func wire(ctx context.Context, c config.Config, log *slog.Logger) (*parts, error) {
	ring, err := keyring.Follow(c.Keys.File, log)
	if err != nil {
		return nil, fmt.Errorf("%w; `accord keys create` makes a key ring where there is none", err)
	}
	p := &parts{keys: ring}
	if p.store, err = openStore(ctx, c, ring, log); err != nil {
		return nil, err
	}
	if err = p.store.CheckSchema(ctx); err == nil {
		p.machine, err = leaseMachine(ctx, p.store.Machines, time.Now, log)
	}
	if err == nil {
		p.digests, err = digestsOf(ctx, p.store)
	}
	if err == nil {
		err = p.assemble(c, ring, log)
	}
	if err != nil {
		return nil, errors.Join(err, p.close(ctx))
	}
	return p, nil
}

// assemble builds everything above the store.
func (p *parts) assemble(c config.Config, ring *keyring.Live, log *slog.Logger) error {
	zone, zoneErr := time.LoadLocation(c.Zone)
	directory, giteaErr := newGitea(c.Gitea, breaking("gitea", log))
	storage, storageErr := newStorage(c.Storage, breaking("storage", log))
	mailer, mailErr := newMailer(c)
	hasher, hashErr := newHasher(c.Password)
	messages, smsErr := newSMS(c.SMS)
	pictures, pictureErr := newPictures(c)
	tokens, tokenErr := newTokens(c, ring)
	guard, guardErr := newGuard(c)
	ids, idErr := ident.New(ident.Options{
		Now:      time.Now,
		Location: zone, Start: firstUserNumber, MachineID: func() (uint16, error) { return p.machine.id, nil },
	})
	if err := errors.Join(zoneErr, giteaErr, storageErr, mailErr, hashErr, smsErr, pictureErr, tokenErr, guardErr, idErr); err != nil {
		return err
	}
	p.gitea, p.storage, p.ids = directory, storage, ids
	p.runner = newRunner(p.store, c.Saga, p.machine.owner, log)
	p.metrics = p.newMetrics(c, log)
	p.ready = api.NewReadiness(p.askSystems, log)
	p.admission = verify.New(verify.Options{
		Budgets: p.store.Budgets, Now: time.Now, Turn: guard.TurnWait, Observe: p.metrics.Admission,
	})
	var err error
	p.service, err = app.New(app.Deps{
		Accounts: p.store.Accounts, Sessions: p.store.Sessions, Directory: directory, Storage: storage,
		Hasher: hasher, Tokens: tokens, Mailer: mailer, SMS: messages, Files: storage, StoredPictures: storage,
		Pictures: nearPictures{pictures, storage.PicturesURL(), c.Storage.Endpoint},
		Codes:    p.store.Codes, Admission: p.admission, Digests: p.digests,
		People: p.store.People, Roster: p.store.Roster, Invites: p.store.Invites,
		IDs: ids, Runner: p.runner, Now: time.Now, Logger: log,
		Puzzles: captcha.New(), Challenges: p.store.Challenges, Proofs: p.store.Proofs, Mobiles: p.store.Mobiles, Ownership: p.store.Ownership,
		Departures: p.store.Departures, Evictions: p.store.Evictions, DirectoryOrganizations: directory,
		Standings: p.store.Standings, Listings: p.store.Listings, Leaders: p.store.Leaders, Leftovers: p.store.Leftovers,
		Places: p.store.Places, Audit: p.store.Audit,
		Archive: p.store.Archive, Repositories: directory, Sealing: p.store.Repairs,
		DirectoryDoor: directory, StorageDoor: storage,
		DirectoryCredentials: directory, StorageCredentials: storage,
		Repairs: p.store.Repairs, DirectoryRepairs: directory, StorageRepairs: storage,
		Adoptions: p.store.Repairs, DirectoryAdoption: directory,
	}, app.Settings{
		SessionTTL: c.Session.TTL, KeepTTL: c.Session.Keep, SessionsPerAccount: c.Session.PerAccount,
		EvictAgain: c.Gitea.SessionLifetime, DeletionGrace: c.Deletion.Grace, Countries: c.SMS.Countries,
		Guard: guard, Limits: newLimits(c), PicturesURL: storage.PicturesURL(),
		Uploads: app.UploadLimits{
			PerAccountHour: c.Picture.PerAccountHour, PlatformHour: c.Picture.PlatformHour, KeepUnused: c.Picture.KeepUnused,
		},
		Sweep: sweepSettings(c.Sweep), SealPasswords: c.Gitea.Sealed(), RestorePasswords: true,
	})
	if err != nil {
		return err
	}
	p.handler, err = p.newHandler(c, zone, tokens, log)
	return err
}

// newTokens signs tokens as the configuration names issuer and audience.
func newTokens(c config.Config, keys token.Keys) (*token.Tokens, error) {
	return token.New(token.Options{Issuer: c.Issuer, Audience: c.Audience, Keys: keys, Now: time.Now})
}

// sweepSettings lets the look at Gitea's tokens take half of the time between
// two sweeps.
func sweepSettings(c config.Sweep) app.SweepSettings {
	return app.SweepSettings{
		Settle: c.Settle, Keep: c.Keep, Pace: rate.NewLimiter(rate.Limit(c.TokensPerSecond), 1).Wait,
		TokensPerRun: max(1, int(float64(c.TokensPerSecond)*c.Every.Seconds()/2)),
	}
}

// newHandler puts the HTTP edge above the use cases.
func (p *parts) newHandler(c config.Config, zone *time.Location, tokens *token.Tokens, log *slog.Logger) (http.Handler, error) {
	dialects := map[string]func() api.Dialect{
		"infinite": func() api.Dialect { return infinite.New(infinite.Options{Service: p.service, Zone: zone}) },
		"portal":   func() api.Dialect { return portal.New(portal.Options{Service: p.service}) },
		"community": func() api.Dialect {
			return community.New(community.Options{Service: p.service, Zone: zone, TokenPair: c.Community.TokenPair})
		},
		"jpress": func() api.Dialect {
			return jpress.New(jpress.Options{Service: p.service, Zone: zone, OpenCreate: c.JPress.OpenCreate})
		},
		"registry": func() api.Dialect {
			return registry.New(registry.Options{Service: p.service, Invitations: c.Registry.Invitations})
		},
	}
	var served []api.Dialect
	for _, name := range c.Dialects {
		served = append(served, dialects[name]())
	}
	introspection, err := p.newIntrospection(c)
	if err != nil {
		return nil, err
	}
	ofSessions := sessionapi.New(sessionapi.Options{Service: p.service, Envelope: infinite.Envelope{}})
	served = append(served, introspection, ofSessions)
	proxies, err := prefixes("http.trustedProxies", c.HTTP.TrustedProxies)
	if err != nil {
		return nil, err
	}
	return api.New(api.Options{
		Dialects: served, Logger: log, TrustedProxies: proxies, ProxyHeader: c.HTTP.ProxyHeader, BodyLimit: c.HTTP.BodyLimit,
		RefusalPause:   c.HTTP.RefusalPause,
		AllowedOrigins: c.HTTP.AllowedOrigins, AllowCredentials: c.HTTP.AllowCredentials,
		Answers: p.store.Answers, Now: time.Now, Observe: p.observe, Digests: p.digests,
		Countries: c.SMS.Countries,
		Ready:     p.ready, JWKS: func() []byte {
			keys, err := tokens.JWKS()
			if err != nil {
				log.Error("publishing the key set", "error", err)
			}
			return keys
		},
	})
}

// prefixes reads the addresses and ranges of a setting; an address is a range of
// one.
func prefixes(key string, texts []string) ([]netip.Prefix, error) {
	ranges := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		if address, err := netip.ParseAddr(text); err == nil {
			ranges = append(ranges, netip.PrefixFrom(address, address.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		ranges = append(ranges, prefix)
	}
	return ranges, nil
}

// close gives everything back. The parts' work must have ended.
func (p *parts) close(ctx context.Context) error {
	var err error
	if p.machine != nil {
		err = p.machine.release(context.WithoutCancel(ctx))
	}
	if p.gitea != nil {
		p.gitea.Close()
		p.storage.Close()
	}
	return errors.Join(err, p.store.Close())
}

// usable finds what the adapters have against a configuration, all of it,
// without asking any system.
func usable(c config.Config) error {
	_, giteaErr := newGitea(c.Gitea, nil)
	_, storageErr := newStorage(c.Storage, nil)
	_, mailErr := newMailer(c)
	_, hashErr := newHasher(c.Password)
	_, smsErr := newSMS(c.SMS)
	_, pictureErr := newPictures(c)
	_, proxyErr := prefixes("http.trustedProxies", c.HTTP.TrustedProxies)
	_, guardErr := newGuard(c)
	_, clientErr := newClients(c)
	return errors.Join(clientErr, giteaErr, storageErr, mailErr, hashErr, smsErr, pictureErr, proxyErr, guardErr)
}

func openStore(ctx context.Context, c config.Config, ring store.Sealer, log *slog.Logger) (*store.Store, error) {
	return store.Open(ctx, store.Options{
		Driver: c.Database.Driver, DSN: c.Database.DSN.Reveal(), Sealer: ring, Logger: log,
	})
}

// transportGuard puts something before a transport; nil puts nothing.
type transportGuard = func(http.RoundTripper) http.RoundTripper

// breaking spares callers the wait for a remote that is down.
func breaking(remote string, log *slog.Logger) transportGuard {
	return func(next http.RoundTripper) http.RoundTripper {
		return breaker.New(next, breaker.Options{Name: remote, Logger: log})
	}
}

func newGitea(c config.Gitea, guard transportGuard) (*gitea.Directory, error) {
	return gitea.New(gitea.Options{
		URL: c.URL, AdminUser: c.AdminUser, AdminPassword: c.AdminPassword, AdminToken: c.AdminToken, Timeout: c.Timeout,
		Scopes: c.TokenScopes, SealedPasswords: c.Sealed(), Breaker: guard,
	})
}

func newStorage(c config.Storage, guard transportGuard) (*minio.Storage, error) {
	return minio.New(minio.Options{
		Endpoint: c.Endpoint, PublicEndpoint: c.PublicEndpoint, Region: c.Region, Bucket: c.Bucket, PolicyName: c.Policy,
		AdminUser: c.AdminUser, AdminPassword: c.AdminPassword, Timeout: c.Timeout, Breaker: guard,
	})
}

func newMailer(all config.Config) (*mail.Mailer, error) {
	c := all.Mail
	zone, err := time.LoadLocation(all.Zone)
	if err != nil {
		return nil, err
	}
	return mail.New(mail.Options{
		Host: c.Host, Port: c.Port, TLS: mail.TLS(c.TLS), Username: c.Username, Password: c.Password, From: c.From,
		Platform: c.Brand, Footer: map[string]string{"zh": c.FooterZH, "en": c.FooterEN},
		Contact: c.Contact, Zone: zone,
		Timeout: c.Timeout, Now: time.Now,
	})
}

func newHasher(c config.Password) (*password.Hasher, error) {
	return password.New(password.Options{
		Memory: uint32(c.MemoryKiB), Time: uint32(c.Passes), Concurrent: c.Together, //nolint:gosec // bounded by Validate
	})
}

// newRunner runs sagas in the name of owner, which must be new at every start.
func newRunner(s *store.Store, c config.Saga, owner string, log *slog.Logger) *saga.Runner {
	return saga.NewRunner(s.Journal, saga.Options{
		Owner: owner, Lease: c.Lease, Deadline: c.Deadline, Answer: c.Answer, StepTimeout: c.StepTimeout, Settle: c.Settle,
		MaxAttempts: c.MaxAttempts, Poll: c.Poll, Concurrency: c.Together, Logger: log,
		Decided: app.Audited(s.Audit, time.Now),
	})
}
