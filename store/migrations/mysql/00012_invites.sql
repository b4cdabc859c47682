-- +goose Up

-- Invitation codes, kept as their hash.
CREATE TABLE IF NOT EXISTS invites (
    id         BIGINT        NOT NULL AUTO_INCREMENT PRIMARY KEY,
    code_hash  VARBINARY(64) NOT NULL,
    inviter    VARCHAR(64)   NOT NULL, -- an accountId, or empty for an operator
    note       VARCHAR(255)  NOT NULL,
    max_uses   BIGINT        NOT NULL,
    used       BIGINT        NOT NULL,
    created_at BIGINT        NOT NULL,
    expires_at BIGINT        NOT NULL, -- 0 for never
    revoked_at BIGINT        NOT NULL, -- 0 until it is
    UNIQUE KEY invites_code (code_hash)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
