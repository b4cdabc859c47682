-- Who asked for a saga, by which way, in which request.

-- +goose Up
ALTER TABLE sagas ADD COLUMN actor TEXT NOT NULL DEFAULT '';
ALTER TABLE sagas ADD COLUMN channel TEXT NOT NULL DEFAULT '';
ALTER TABLE sagas ADD COLUMN request TEXT NOT NULL DEFAULT '';

CREATE INDEX sagas_subject ON sagas (subject, created_at);
CREATE INDEX sagas_created ON sagas (created_at, id);
CREATE INDEX sagas_stuck ON sagas (stuck, created_at);
CREATE INDEX sagas_phase ON sagas (phase, updated_at);
