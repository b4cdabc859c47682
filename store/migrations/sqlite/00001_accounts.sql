-- Times are microseconds since 1970 in UTC; 0 is "never".

-- +goose Up
CREATE TABLE accounts (
    id               TEXT    NOT NULL PRIMARY KEY,
    user_id          INTEGER NOT NULL UNIQUE,
    username         TEXT    NOT NULL,
    username_key     TEXT    UNIQUE, -- folded; NULL once the name is free
    email            TEXT    NOT NULL,
    email_key        TEXT    UNIQUE, -- folded; NULL once the address is free
    email_verified   INTEGER NOT NULL,
    mobile           TEXT    NOT NULL,
    nickname         TEXT    NOT NULL,
    avatar_url       TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    password_hash    TEXT    NOT NULL,
    credential_epoch INTEGER NOT NULL,
    gitea_id         INTEGER NOT NULL,
    gitea_origin     TEXT    NOT NULL,
    storage_key      TEXT    NOT NULL,
    storage_secret   BLOB, -- sealed
    storage_origin   TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id               TEXT    NOT NULL PRIMARY KEY,
    account_id       TEXT    NOT NULL REFERENCES accounts (id),
    credential_epoch INTEGER NOT NULL,
    ip               TEXT    NOT NULL,
    device           TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    opened_at        INTEGER NOT NULL, -- 0 while reserved
    closed_at        INTEGER NOT NULL  -- 0 until it ends
) STRICT;

CREATE INDEX sessions_account ON sessions (account_id);
CREATE INDEX sessions_expiry ON sessions (closed_at, expires_at);
