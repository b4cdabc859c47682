-- +goose Up

-- Whether an administrator gave the address or the number, and the user has not
-- confirmed it.
ALTER TABLE accounts ADD COLUMN email_held INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN mobile_held INTEGER NOT NULL DEFAULT 0;
