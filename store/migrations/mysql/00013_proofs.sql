-- +goose Up

-- What somebody has proved and may rely on for a while: an address that was
-- verified, a human check that was passed.
CREATE TABLE IF NOT EXISTS proofs (
    id      BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name    VARBINARY(512) NOT NULL,
    ends_at BIGINT         NOT NULL,
    UNIQUE KEY proofs_name (name),
    KEY proofs_end (ends_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Human checks that were handed out.
CREATE TABLE IF NOT EXISTS challenges (
    id      BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name    VARBINARY(64)  NOT NULL,
    kind    VARCHAR(16)    NOT NULL,
    answer  VARBINARY(1024), -- sealed
    tries   INT            NOT NULL, -- wrong ones
    ends_at BIGINT         NOT NULL,
    UNIQUE KEY challenges_name (name),
    KEY challenges_end (ends_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
