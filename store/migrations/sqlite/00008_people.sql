-- +goose Up
ALTER TABLE accounts ADD COLUMN role TEXT NOT NULL DEFAULT 'user';
ALTER TABLE accounts ADD COLUMN attributes BLOB; -- sealed
-- What Gitea's password is to ours: same, random, or theirs.
ALTER TABLE accounts ADD COLUMN gitea_password TEXT NOT NULL DEFAULT 'same';

CREATE INDEX accounts_role ON accounts (role);
CREATE INDEX accounts_gitea ON accounts (gitea_id);
CREATE INDEX accounts_nickname ON accounts (nickname);
