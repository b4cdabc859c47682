-- +goose Up

-- Invitation codes, kept as their hash.
CREATE TABLE invites (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    code_hash  BLOB    NOT NULL UNIQUE,
    inviter    TEXT    NOT NULL, -- an accountId, or empty for an operator
    note       TEXT    NOT NULL,
    max_uses   INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, -- 0 for never
    revoked_at INTEGER NOT NULL  -- 0 until it is
) STRICT;
