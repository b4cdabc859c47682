-- storage_access_key is the access key of the storage credentials granted to the
-- session; empty if it opened before they were recorded.

-- +goose Up
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'sessions' AND column_name = 'storage_access_key') > 0,
    'DO 0',
    'ALTER TABLE sessions ADD COLUMN storage_access_key VARCHAR(128) NOT NULL DEFAULT ''''');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
