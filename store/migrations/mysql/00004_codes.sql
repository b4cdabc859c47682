-- +goose Up

-- The latest code of a target is the live one; those before it are kept for a
-- day since they count against the target's limits.
CREATE TABLE IF NOT EXISTS codes (
    id          BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    target      VARBINARY(512) NOT NULL,
    seq         BIGINT         NOT NULL, -- 1, 2, … within the target
    code        VARBINARY(255), -- its hash, sealed; NULL once it was replaced
    tries       INT            NOT NULL, -- wrong ones
    created_at  BIGINT         NOT NULL,
    expires_at  BIGINT         NOT NULL,
    redeemed_at BIGINT         NOT NULL, -- 0 until it is used up
    UNIQUE KEY codes_target (target, seq),
    KEY codes_created (created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row per window of time in which something was counted.
CREATE TABLE IF NOT EXISTS counters (
    id      BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name    VARBINARY(512) NOT NULL,
    span    BIGINT         NOT NULL, -- length of the window, in microseconds
    ends_at BIGINT         NOT NULL,
    spent   BIGINT         NOT NULL,
    UNIQUE KEY counters_window (name, span, ends_at),
    KEY counters_end (ends_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
