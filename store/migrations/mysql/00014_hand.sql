-- left_as is what a leaving account was before; empty means normal.

-- +goose Up
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'accounts' AND column_name = 'left_as') > 0,
    'DO 0',
    'ALTER TABLE accounts
        ADD COLUMN left_as VARCHAR(16) NOT NULL DEFAULT '''',
        ADD KEY accounts_status (status, updated_at)');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;

-- How far a sweep that goes on where the last one ended has come.
CREATE TABLE IF NOT EXISTS sweep_positions (
    name     VARCHAR(64)  NOT NULL PRIMARY KEY,
    position VARCHAR(128) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
