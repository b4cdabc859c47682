-- +goose Up
CREATE TABLE IF NOT EXISTS machine_leases (
    id         INT          NOT NULL PRIMARY KEY,
    owner      VARCHAR(128) NOT NULL,
    expires_at BIGINT       NOT NULL -- 0 when free
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Row 0 always exists: locking it serialises the leasing.
INSERT IGNORE INTO machine_leases (id, owner, expires_at) VALUES (0, '', 0);
