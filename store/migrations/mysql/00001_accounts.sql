-- Times are microseconds since 1970 in UTC; 0 is "never". Keys are VARBINARY so
-- that they compare byte by byte, trailing blanks included. Every statement can
-- be repeated, since DDL commits by itself and a migration may die half-way.

-- +goose Up
CREATE TABLE IF NOT EXISTS accounts (
    id               CHAR(14) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    user_id          BIGINT         NOT NULL,
    username         VARCHAR(255)   NOT NULL,
    username_key     VARBINARY(1020), -- folded; NULL once the name is free
    email            VARCHAR(320)   NOT NULL,
    email_key        VARBINARY(1280), -- folded; NULL once the address is free
    email_verified   BOOLEAN        NOT NULL,
    mobile           VARCHAR(64)    NOT NULL,
    nickname         VARCHAR(255)   NOT NULL,
    avatar_url       VARCHAR(2048)  NOT NULL,
    status           VARCHAR(16)    NOT NULL,
    password_hash    VARCHAR(255)   NOT NULL,
    credential_epoch BIGINT         NOT NULL,
    gitea_id         BIGINT         NOT NULL,
    gitea_origin     VARCHAR(16)    NOT NULL,
    storage_key      VARCHAR(64)    NOT NULL,
    storage_secret   VARBINARY(1024), -- sealed
    storage_origin   VARCHAR(16)    NOT NULL,
    created_at       BIGINT         NOT NULL,
    updated_at       BIGINT         NOT NULL,
    UNIQUE KEY accounts_user_id (user_id),
    UNIQUE KEY accounts_username_key (username_key),
    UNIQUE KEY accounts_email_key (email_key)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS sessions (
    id               VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    account_id       CHAR(14) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    credential_epoch BIGINT        NOT NULL,
    ip               VARCHAR(255)  NOT NULL,
    device           VARCHAR(1024) NOT NULL,
    created_at       BIGINT        NOT NULL,
    expires_at       BIGINT        NOT NULL,
    opened_at        BIGINT        NOT NULL, -- 0 while reserved
    closed_at        BIGINT        NOT NULL, -- 0 until it ends
    KEY sessions_account (account_id),
    KEY sessions_expiry (closed_at, expires_at),
    CONSTRAINT sessions_of_account FOREIGN KEY (account_id) REFERENCES accounts (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
