-- +goose Up

-- What was charged to clients, targets and the platform, by key. A charge that
-- has to wait violates the check, which undoes its whole statement.
CREATE TABLE IF NOT EXISTS budgets (
    name    VARBINARY(512) NOT NULL PRIMARY KEY,
    spent   BIGINT         NOT NULL,
    last_at BIGINT         NOT NULL,
    ends_at BIGINT         NOT NULL, -- when the count starts again
    refused INT            NOT NULL,
    KEY budgets_end (ends_at),
    CONSTRAINT budgets_admitted CHECK (refused = 0)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
