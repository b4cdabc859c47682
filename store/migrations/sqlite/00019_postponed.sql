-- +goose Up

-- Until when the removal of a leaving account is postponed, and why; zero and
-- empty if it is not.
ALTER TABLE accounts ADD COLUMN postponed_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN postponed_reason TEXT NOT NULL DEFAULT '';
