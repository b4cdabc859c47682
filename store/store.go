// Package store keeps accounts, sessions, verification codes, counters, answers, the saga
// journal and machine leases in one SQL database, SQLite or MySQL/MariaDB, by one code base.
//
// A journal transaction travels in the context that a saga.WriteFunc is given:
// what the function asks of Accounts, Sessions and Codes with it is part of that
// transaction. Transactions that lost a deadlock or a wait for a lock are run
// again, a bounded number of times.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"accord/app"
	"accord/app/verify"
	"accord/saga"
)

// Drivers that Open knows.
const (
	SQLite = "sqlite"
	MySQL  = "mysql"
)

// Sealer encrypts what must not be read from the database files. Both methods
// are safe for concurrent use. What was sealed opens only with the same
// associated data; anything else is an error.
type Sealer interface {
	Seal(plain, associated []byte) ([]byte, error)
	Open(sealed, associated []byte) ([]byte, error)
}

// Options say which database to use and how. Driver, DSN and Sealer are required.
type Options struct {
	// Driver is SQLite or MySQL.
	Driver string
	// DSN is a file name for SQLite, and user:password@tcp(host:port)/database
	// for MySQL. Parameters after a "?" are the driver's own; those that the
	// store depends on are set whatever the DSN says. It never reaches an error
	// or a log.
	DSN string
	// Sealer seals storage secrets, attributes, verification codes, answers and saga state.
	Sealer Sealer
	// Logger gets retried transactions (debug), applied migrations (info) and
	// sagas whose state cannot be opened (error). Default: nothing is logged.
	Logger *slog.Logger
}

// Store is an open database. Safe for concurrent use.
type Store struct {
	Accounts app.Accounts
	Sessions app.Sessions
	People   app.People
	Roster   app.Roster
	Invites  app.Invites
	Codes    app.Codes
	Answers  app.Answers
	Journal  saga.Journal
	Archive  saga.Archive
	Machines *Machines
	Audit    *Audit

	Standings app.Standings
	// Departures postpones removals.
	Departures app.Departures
	Evictions  app.Evictions
	Listings   app.Listings
	Leaders    app.Leaders
	Leftovers  app.Leftovers
	Places     app.Places

	// What the front-ends need to let people in.
	Proofs     app.Proofs
	Challenges app.Challenges
	Mobiles    app.Mobiles
	Ownership  app.Ownership
	// Budgets count what clients ask for.
	Budgets verify.Budgets

	Repairs *Repairs
	Census  app.SagaCensus

	db      *database
	sealing sealing
}

// Open connects to the database, which must answer. It does not migrate: see
// Migrate and CheckSchema. The caller closes the store.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Sealer == nil {
		return nil, errors.New("store: no sealer")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	db, err := connect(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("store: open the %s database: %w", o.Driver, err)
	}
	s := sealing{o.Sealer}
	j := &journal{db, s}
	return &Store{
		sealing:  s,
		Accounts: &accounts{db, s},
		Sessions: &sessions{db, s},
		People:   &people{db, s},
		Roster:   &roster{db},
		Invites:  &invites{db},
		Codes:    &codes{db, s},
		Answers:  &answers{db, s},
		Journal:  j,
		Archive:  j,
		Machines: &Machines{db},
		Audit:    &Audit{db},

		Standings:  &standings{db},
		Departures: &departures{db},
		Evictions:  &evictions{db, s},
		Listings:   &listings{db, s},
		Leaders:    &leaders{db},
		Leftovers:  &leftovers{db},
		Places:     &places{db},

		Proofs:     &proofs{db},
		Challenges: &challenges{db, s},
		Mobiles:    &accounts{db, s},
		Ownership:  &ownership{db},
		Budgets:    &budgets{db: db},

		Repairs: &Repairs{db, s},
		Census:  &census{db},

		db: db,
	}, nil
}

// Ping asks the database for a sign of life.
func (s *Store) Ping(ctx context.Context) error { return s.db.ping(ctx) }

// Close waits for statements under way and closes all connections. Repeatable.
func (s *Store) Close() error { return s.db.close() }
