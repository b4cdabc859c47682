-- +goose Up

-- The audit trail: each entry's hash covers the entry and the hash before it.
CREATE TABLE IF NOT EXISTS audit_entries (
    seq        BIGINT        NOT NULL PRIMARY KEY, -- 1, 2, … without a gap
    at         BIGINT        NOT NULL,
    actor      VARCHAR(128)  NOT NULL,
    channel    VARCHAR(64)   NOT NULL,
    request    VARCHAR(128)  NOT NULL,
    action     VARCHAR(128)  NOT NULL,
    account_id VARCHAR(64)   NOT NULL,
    saga_id    VARCHAR(128)  NOT NULL,
    outcome    VARCHAR(64)   NOT NULL,
    hash       VARBINARY(64) NOT NULL,
    KEY audit_account (account_id, seq),
    KEY audit_saga (saga_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The end of the chain; locking it serialises the appending.
CREATE TABLE IF NOT EXISTS audit_head (
    id   INT           NOT NULL PRIMARY KEY,
    seq  BIGINT        NOT NULL,
    hash VARBINARY(64) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT IGNORE INTO audit_head (id, seq, hash) VALUES (1, 0, '');
