-- gitea_token_end is the end of the text of the session's access token in Gitea;
-- empty if it opened before it was recorded.

-- +goose Up
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'sessions' AND column_name = 'gitea_token_end') > 0,
    'DO 0',
    'ALTER TABLE sessions ADD COLUMN gitea_token_end VARCHAR(16) NOT NULL DEFAULT ''''');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
