-- +goose Up

-- The audit trail: each entry's hash covers the entry and the hash before it.
CREATE TABLE audit_entries (
    seq        INTEGER NOT NULL PRIMARY KEY, -- 1, 2, … without a gap
    at         INTEGER NOT NULL,
    actor      TEXT    NOT NULL,
    channel    TEXT    NOT NULL,
    request    TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    account_id TEXT    NOT NULL,
    saga_id    TEXT    NOT NULL,
    outcome    TEXT    NOT NULL,
    hash       BLOB    NOT NULL
) STRICT;

CREATE INDEX audit_account ON audit_entries (account_id, seq);
CREATE INDEX audit_saga ON audit_entries (saga_id);

-- The end of the chain.
CREATE TABLE audit_head (
    id   INTEGER NOT NULL PRIMARY KEY,
    seq  INTEGER NOT NULL,
    hash BLOB    NOT NULL
) STRICT;

INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, x'');
