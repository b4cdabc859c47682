-- +goose Up

-- Work that one replica at a time does.
CREATE TABLE leader_leases (
    name       TEXT    NOT NULL PRIMARY KEY,
    owner      TEXT    NOT NULL,
    epoch      INTEGER NOT NULL, -- rises with every change of owner
    expires_at INTEGER NOT NULL  -- 0 when free
) STRICT;
