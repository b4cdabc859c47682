-- +goose Up

-- Failed tries by what they are counted under.
CREATE TABLE failures (
    id      INTEGER NOT NULL PRIMARY KEY,
    name    TEXT    NOT NULL UNIQUE,
    failed  INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL -- when the count begins anew
) STRICT;

CREATE INDEX failures_end ON failures (ends_at);
