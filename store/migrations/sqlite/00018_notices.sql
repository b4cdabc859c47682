-- +goose Up

-- Secrets that replicas share, sealed. The first migration under a key ring
-- draws those that have none.
CREATE TABLE secrets (
    id     TEXT NOT NULL PRIMARY KEY,
    sealed BLOB
) STRICT;

-- The key of the digests that stand for accounts in logs.
INSERT INTO secrets (id, sealed) VALUES ('digest', NULL);

-- Where accounts signed in from: the client's network, and the program and
-- system of its device. A row is forgotten at its end.
CREATE TABLE places (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id TEXT    NOT NULL,
    network    TEXT    NOT NULL,
    device     TEXT    NOT NULL,
    ends_at    INTEGER NOT NULL,
    UNIQUE (account_id, network, device)
) STRICT;

CREATE INDEX places_end ON places (ends_at);
