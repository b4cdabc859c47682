-- +goose Up

-- What a leaving account was before: empty means normal.
ALTER TABLE accounts ADD COLUMN left_as TEXT NOT NULL DEFAULT '';

-- How far a sweep that goes on where the last one ended has come.
CREATE TABLE sweep_positions (
    name     TEXT NOT NULL PRIMARY KEY,
    position TEXT NOT NULL
) STRICT;

CREATE INDEX accounts_status ON accounts (status, updated_at);
