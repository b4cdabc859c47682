-- Who asked for a saga, by which way, in which request.

-- +goose Up
SET @ddl = IF(
    (SELECT COUNT(*) FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'sagas' AND column_name = 'actor') > 0,
    'DO 0',
    'ALTER TABLE sagas
        ADD COLUMN actor VARCHAR(128) NOT NULL DEFAULT '''',
        ADD COLUMN channel VARCHAR(64) NOT NULL DEFAULT '''',
        ADD COLUMN request VARCHAR(128) NOT NULL DEFAULT '''',
        ADD KEY sagas_subject (subject, created_at),
        ADD KEY sagas_created (created_at, id),
        ADD KEY sagas_stuck (stuck, created_at),
        ADD KEY sagas_phase (phase, updated_at)');
PREPARE ddl FROM @ddl;
EXECUTE ddl;
DEALLOCATE PREPARE ddl;
