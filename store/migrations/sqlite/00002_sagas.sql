-- +goose Up
CREATE TABLE sagas (
    id          TEXT    NOT NULL PRIMARY KEY,
    flow        TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    exclusive   INTEGER NOT NULL,
    phase       TEXT    NOT NULL,
    steps       TEXT    NOT NULL, -- JSON: step name to status
    state       BLOB, -- sealed; NULL once the saga has ended
    epoch       INTEGER NOT NULL,
    owner       TEXT    NOT NULL,
    due         INTEGER NOT NULL,
    runnable    INTEGER NOT NULL, -- 1 while neither ended nor stuck
    attempts    INTEGER NOT NULL,
    stuck       INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    entry_count INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX sagas_due ON sagas (runnable, due);
CREATE INDEX sagas_owner ON sagas (owner);

CREATE TABLE saga_entries (
    saga_id TEXT    NOT NULL REFERENCES sagas (id),
    seq     INTEGER NOT NULL, -- 1, 2, … within the saga
    event   TEXT    NOT NULL,
    step    TEXT    NOT NULL,
    cause   TEXT    NOT NULL,
    epoch   INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (saga_id, seq)
) STRICT, WITHOUT ROWID;

-- One row per subject that an exclusive saga holds.
CREATE TABLE saga_holds (
    subject TEXT NOT NULL PRIMARY KEY,
    saga_id TEXT NOT NULL REFERENCES sagas (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX saga_holds_saga ON saga_holds (saga_id);
