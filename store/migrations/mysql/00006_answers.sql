-- +goose Up

-- One row per request with a key that is being carried out or was answered.
CREATE TABLE IF NOT EXISTS answers (
    id          BIGINT         NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name        VARBINARY(64)  NOT NULL,
    fingerprint VARBINARY(255) NOT NULL, -- sealed
    answer      MEDIUMBLOB, -- sealed; NULL until there is one
    ends_at     BIGINT         NOT NULL, -- of the claim, or of keeping the answer
    UNIQUE KEY answers_name (name),
    KEY answers_end (ends_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
