-- +goose Up
CREATE TABLE machine_leases (
    id         INTEGER NOT NULL PRIMARY KEY,
    owner      TEXT    NOT NULL,
    expires_at INTEGER NOT NULL -- 0 when free
) STRICT;

-- Row 0 always exists: locking it serialises the leasing.
INSERT INTO machine_leases (id, owner, expires_at) VALUES (0, '', 0);
