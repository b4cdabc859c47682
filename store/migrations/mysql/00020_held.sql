-- Whether an administrator gave the address or the number, and the user has not
-- confirmed it.

-- +goose Up
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'accounts' AND column_name = 'email_held') > 0,
    'DO 0',
    'ALTER TABLE accounts
        ADD COLUMN email_held BOOLEAN NOT NULL DEFAULT 0,
        ADD COLUMN mobile_held BOOLEAN NOT NULL DEFAULT 0');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
