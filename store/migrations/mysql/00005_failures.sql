-- +goose Up

-- Failed tries by what they are counted under.
CREATE TABLE IF NOT EXISTS failures (
    id      BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name    VARBINARY(512) NOT NULL,
    failed  BIGINT         NOT NULL,
    last_at BIGINT         NOT NULL,
    ends_at BIGINT         NOT NULL, -- when the count begins anew
    UNIQUE KEY failures_name (name),
    KEY failures_end (ends_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
