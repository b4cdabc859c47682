-- +goose Up

-- What was charged to clients, targets and the platform, by key. A charge that
-- has to wait violates the check, which undoes its whole statement.
CREATE TABLE budgets (
    name    TEXT    NOT NULL PRIMARY KEY,
    spent   INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL, -- when the count starts again
    refused INTEGER NOT NULL,
    CONSTRAINT budgets_admitted CHECK (refused = 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX budgets_end ON budgets (ends_at);
