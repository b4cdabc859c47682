-- +goose Up

-- Work that one replica at a time does.
CREATE TABLE IF NOT EXISTS leader_leases (
    name       VARCHAR(64)  NOT NULL PRIMARY KEY,
    owner      VARCHAR(128) NOT NULL,
    epoch      BIGINT       NOT NULL, -- rises with every change of owner
    expires_at BIGINT       NOT NULL  -- 0 when free
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
