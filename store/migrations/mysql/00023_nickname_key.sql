-- The nickname as it is searched for, folded; NULL until the program has folded it.

-- +goose Up
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'accounts' AND column_name = 'nickname_key') > 0,
    'DO 0',
    'ALTER TABLE accounts
        ADD COLUMN nickname_key VARBINARY(1020),
        ADD KEY accounts_nickname_key (nickname_key)');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
