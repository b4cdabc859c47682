-- +goose Up

-- Secrets that replicas share, sealed. The first migration under a key ring
-- draws those that have none.
CREATE TABLE IF NOT EXISTS secrets (
    id     VARCHAR(32) NOT NULL PRIMARY KEY,
    sealed VARBINARY(255)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The key of the digests that stand for accounts in logs.
INSERT IGNORE INTO secrets (id, sealed) VALUES ('digest', NULL);

-- Where accounts signed in from: the client's network, and the program and
-- system of its device. A row is forgotten at its end.
CREATE TABLE IF NOT EXISTS places (
    id         BIGINT      NOT NULL AUTO_INCREMENT PRIMARY KEY,
    account_id VARCHAR(64) NOT NULL,
    network    VARCHAR(64) NOT NULL,
    device     VARCHAR(64) NOT NULL,
    ends_at    BIGINT      NOT NULL,
    UNIQUE KEY places_place (account_id, network, device),
    KEY places_end (ends_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
