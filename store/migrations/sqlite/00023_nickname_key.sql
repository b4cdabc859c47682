-- The nickname as it is searched for, folded; NULL until the program has folded it.

-- +goose Up
ALTER TABLE accounts ADD COLUMN nickname_key TEXT;

CREATE INDEX accounts_nickname_key ON accounts (nickname_key);
