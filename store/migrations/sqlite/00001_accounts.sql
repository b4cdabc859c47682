-- Times are microseconds since 1970 in UTC; 0 is "never".

-- +goose Up
CREATE TABLE accounts (
    id               TEXT    NOT NULL PRIMARY KEY,
    user_id          INTEGER NOT NULL UNIQUE,
    username         TEXT    NOT NULL,
    username_key     TEXT    UNIQUE, -- folded; NULL once the name is free
    email            TEXT    NOT NULL,
    email_verified   INTEGER NOT NULL,
    country          TEXT    NOT NULL,
    mobile           TEXT    NOT NULL,
    mobile_key       TEXT    UNIQUE, -- country and mobile; NULL where none is bound
    nickname         TEXT    NOT NULL,
    avatar_url       TEXT    NOT NULL,
    description      TEXT    NOT NULL,
    website          TEXT    NOT NULL,
    location         TEXT    NOT NULL,
    status           TEXT    NOT NULL,
    leaving_until    INTEGER NOT NULL, -- end of the grace period; 0 unless leaving
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

CREATE INDEX accounts_leaving ON accounts (status, leaving_until);

-- Every address that an account has or keeps for itself.
CREATE TABLE addresses (
    email_key  TEXT    NOT NULL PRIMARY KEY, -- folded
    account_id TEXT    NOT NULL REFERENCES accounts (id),
    present    INTEGER NOT NULL -- 0 while it is only reserved
) STRICT;

CREATE INDEX addresses_account ON addresses (account_id);

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
