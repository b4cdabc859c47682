-- DDL commits by itself and a migration may die before it is recorded: what is
-- there already is left as it is. attributes are sealed; gitea_password says what
-- Gitea's password is to ours: same, random, or theirs.

-- +goose Up
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'accounts' AND column_name = 'role') > 0,
    'DO 0',
    'ALTER TABLE accounts
        ADD COLUMN role VARCHAR(32) NOT NULL DEFAULT ''user'',
        ADD COLUMN attributes MEDIUMBLOB,
        ADD COLUMN gitea_password VARCHAR(16) NOT NULL DEFAULT ''same'',
        ADD KEY accounts_role (role),
        ADD KEY accounts_gitea (gitea_id),
        ADD KEY accounts_nickname (nickname)');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
