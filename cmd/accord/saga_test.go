package main

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"accord/adapters/keyring"
	"accord/saga"
	"accord/store"
)

// sagaSecret is in the state of every saga that putsaga puts.
const sagaSecret = "hunter2-of-the-state"

// putsaga DB KEYS ID FLOW PHASE STEP=STATUS… puts a saga into the SQLite
// database that is stuck in that phase; PHASE+ is one that has just failed and
// waits to go on in an hour.
func putSaga(ts *testscript.TestScript, _ bool, args []string) {
	ctx := context.Background()
	ring, err := keyring.Load(ts.MkAbs(args[1]))
	ts.Check(err)
	s, err := store.Open(ctx, store.Options{Driver: store.SQLite, DSN: ts.MkAbs(args[0]), Sealer: ring})
	ts.Check(err)
	defer func() { ts.Check(s.Close()) }()
	phase, waits := strings.CutSuffix(args[4], "+")
	began := time.Now().Add(-time.Hour)
	r := saga.Record{
		ID: args[2], Flow: args[3], Subject: "26030112000001", Exclusive: args[3] == "edit", Phase: saga.Phase(phase), Epoch: 7,
		Origin: saga.Origin{Actor: "26030112000001", Channel: "infinite", Request: "r-1"},
		Steps:  map[string]saga.StepStatus{}, State: []byte(`{"New":{"Nickname":"` + sagaSecret + `"}}`),
		Attempts: 20, Stuck: !waits && !saga.Phase(phase).Ended(), Reason: "gitea: connection\x1b[31m refused", CreatedAt: began, UpdatedAt: began,
	}
	if waits {
		r.Attempts, r.Due = 1, time.Now().Add(time.Hour)
	}
	entries := []saga.Entry{{Event: saga.EventBegan, Epoch: 1, At: began}}
	for _, arg := range args[5:] {
		step, status, _ := strings.Cut(arg, "=")
		r.Steps[step] = saga.StepStatus(status)
		if status != string(saga.Unknown) {
			continue
		}
		at := began.Add(time.Second)
		entries = append(entries,
			saga.Entry{Event: saga.EventStarted, Step: step, Epoch: 1, At: at},
			saga.Entry{Event: saga.EventUnknown, Step: step, Cause: "timed out\x1b[31m", Epoch: 1, At: at.Add(250 * time.Millisecond)})
	}
	ts.Check(s.Journal.Begin(ctx, func(context.Context) (saga.Write, error) {
		return saga.Write{Record: r, Entries: entries}, nil
	}))
}

// sql DB STATEMENT changes the SQLite database behind the program's back.
func runSQL(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer func() { ts.Check(db.Close()) }()
	ts.Check(patient(context.Background(), db))
	_, err = db.ExecContext(context.Background(), args[1])
	ts.Check(err)
}
