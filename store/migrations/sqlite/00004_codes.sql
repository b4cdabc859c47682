-- +goose Up

-- The latest code of a target is the live one; those before it are kept for a
-- day since they count against the target's limits.
CREATE TABLE codes (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    target      TEXT    NOT NULL,
    seq         INTEGER NOT NULL, -- 1, 2, … within the target
    code        BLOB, -- its hash, sealed; NULL once it was replaced
    tries       INTEGER NOT NULL, -- wrong ones
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    redeemed_at INTEGER NOT NULL, -- 0 until it is used up
    UNIQUE (target, seq)
) STRICT;

CREATE INDEX codes_created ON codes (created_at);

-- One row per window of time in which something was counted.
CREATE TABLE counters (
    id      INTEGER NOT NULL PRIMARY KEY,
    name    TEXT    NOT NULL,
    span    INTEGER NOT NULL, -- length of the window, in microseconds
    ends_at INTEGER NOT NULL,
    spent   INTEGER NOT NULL,
    UNIQUE (name, span, ends_at)
) STRICT;

CREATE INDEX counters_end ON counters (ends_at);
