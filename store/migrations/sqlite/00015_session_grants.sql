-- +goose Up

-- The access key of the storage credentials granted to the session; empty if it
-- opened before they were recorded.
ALTER TABLE sessions ADD COLUMN storage_access_key TEXT NOT NULL DEFAULT '';
