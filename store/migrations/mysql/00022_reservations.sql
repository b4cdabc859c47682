-- +goose Up

-- Subjects that a saga waits for which goes before those of the subject itself. The
-- saga has not begun, so that none of its rows is there to refer to.
CREATE TABLE IF NOT EXISTS saga_reservations (
    saga_id VARCHAR(128) NOT NULL,
    subject VARCHAR(128) NOT NULL,
    ends_at BIGINT       NOT NULL,
    PRIMARY KEY (saga_id, subject),
    KEY saga_reservations_subject (subject, ends_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Networks that any account signed in from are looked for, too.
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.statistics
        WHERE table_schema = DATABASE() AND table_name = 'places' AND index_name = 'places_network') > 0,
    'DO 0',
    'CREATE INDEX places_network ON places (network, ends_at)');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
