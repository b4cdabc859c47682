-- +goose Up

-- Subjects that a saga waits for which goes before those of the subject itself. The
-- saga has not begun, so that none of its rows is there to refer to.
CREATE TABLE saga_reservations (
    saga_id TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    ends_at INTEGER NOT NULL,
    PRIMARY KEY (saga_id, subject)
) STRICT, WITHOUT ROWID;

CREATE INDEX saga_reservations_subject ON saga_reservations (subject, ends_at);

-- Networks that any account signed in from are looked for, too.
CREATE INDEX places_network ON places (network, ends_at);
