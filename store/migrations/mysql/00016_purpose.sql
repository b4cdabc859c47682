-- purpose is what the code was asked for; empty serves every purpose.

-- +goose Up
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'codes' AND column_name = 'purpose') > 0,
    'DO 0',
    'ALTER TABLE codes ADD COLUMN purpose VARCHAR(32) NOT NULL DEFAULT ''''');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
