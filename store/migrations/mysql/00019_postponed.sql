-- postponed_until is until when the removal of a leaving account is postponed, and
-- postponed_reason why; zero and empty if it is not.

-- +goose Up
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'accounts' AND column_name = 'postponed_until') > 0,
    'DO 0',
    'ALTER TABLE accounts
        ADD COLUMN postponed_until BIGINT NOT NULL DEFAULT 0,
        ADD COLUMN postponed_reason VARCHAR(255) NOT NULL DEFAULT ''''');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
