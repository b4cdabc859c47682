-- +goose Up
CREATE TABLE IF NOT EXISTS key_check (
    id     INT NOT NULL PRIMARY KEY,
    sealed VARBINARY(255)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The only row; the first migration under a key ring seals a known text into it.
INSERT IGNORE INTO key_check (id, sealed) VALUES (1, NULL);
