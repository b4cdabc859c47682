-- When credentials of the account are looked for again, zero if they are not.

-- +goose Up
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'accounts' AND column_name = 'evict_again_at') > 0,
    'DO 0',
    'ALTER TABLE accounts ADD COLUMN evict_again_at BIGINT NOT NULL DEFAULT 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
        WHERE table_schema = DATABASE() AND table_name = 'accounts' AND index_name = 'accounts_evict_again') > 0,
    'DO 0',
    'ALTER TABLE accounts ADD INDEX accounts_evict_again (evict_again_at)');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
