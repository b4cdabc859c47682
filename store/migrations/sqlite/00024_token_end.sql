-- gitea_token_end is the end of the text of the session's access token in Gitea;
-- empty if it opened before it was recorded.

-- +goose Up
ALTER TABLE sessions ADD COLUMN gitea_token_end TEXT NOT NULL DEFAULT '';
