-- +goose Up

-- What somebody has proved and may rely on for a while: an address that was
-- verified, a human check that was passed.
CREATE TABLE proofs (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name    TEXT    NOT NULL UNIQUE,
    ends_at INTEGER NOT NULL
) STRICT;

CREATE INDEX proofs_end ON proofs (ends_at);

-- Human checks that were handed out.
CREATE TABLE challenges (
    id      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name    TEXT    NOT NULL UNIQUE,
    kind    TEXT    NOT NULL,
    answer  BLOB, -- sealed
    tries   INTEGER NOT NULL, -- wrong ones
    ends_at INTEGER NOT NULL
) STRICT;

CREATE INDEX challenges_end ON challenges (ends_at);
