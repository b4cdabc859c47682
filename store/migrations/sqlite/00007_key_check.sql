-- +goose Up
CREATE TABLE key_check (
    id     INTEGER NOT NULL PRIMARY KEY,
    sealed BLOB
) STRICT;

-- The only row; the first migration under a key ring seals a known text into it.
INSERT INTO key_check (id, sealed) VALUES (1, NULL);
