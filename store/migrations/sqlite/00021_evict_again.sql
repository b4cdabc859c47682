-- +goose Up

-- When credentials of the account are looked for again, zero if they are not.
ALTER TABLE accounts ADD COLUMN evict_again_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX accounts_evict_again ON accounts (evict_again_at);
