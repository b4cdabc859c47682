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
    email_verified   BOOLEAN        NOT NULL,
    country          VARCHAR(16)    NOT NULL,
    mobile           VARCHAR(64)    NOT NULL,
    mobile_key       VARBINARY(80), -- country and mobile; NULL where none is bound
    nickname         VARCHAR(255)   NOT NULL,
    avatar_url       VARCHAR(2048)  NOT NULL,
    description      VARCHAR(255)   NOT NULL,
    website          VARCHAR(255)   NOT NULL,
    location         VARCHAR(255)   NOT NULL,
    status           VARCHAR(16)    NOT NULL,
    leaving_until    BIGINT         NOT NULL, -- end of the grace period; 0 unless leaving
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
    UNIQUE KEY accounts_mobile_key (mobile_key),
    KEY accounts_leaving (status, leaving_until)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Every address that an account has or keeps for itself.
CREATE TABLE IF NOT EXISTS addresses (
    email_key  VARBINARY(1280) NOT NULL PRIMARY KEY, -- folded
    account_id CHAR(14) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    present    BOOLEAN         NOT NULL, -- 0 while it is only reserved
    KEY addresses_account (account_id),
    CONSTRAINT addresses_of_account FOREIGN KEY (account_id) REFERENCES accounts (id)
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
