-- +goose Up

-- One row per request with a key that is being carried out or was answered.
CREATE TABLE answers (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    name        TEXT    NOT NULL UNIQUE,
    fingerprint BLOB    NOT NULL, -- sealed
    answer      BLOB, -- sealed; NULL until there is one
    ends_at     INTEGER NOT NULL -- of the claim, or of keeping the answer
) STRICT;

CREATE INDEX answers_end ON answers (ends_at);
