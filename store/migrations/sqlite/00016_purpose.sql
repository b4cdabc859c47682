-- +goose Up

-- purpose is what the code was asked for; empty serves every purpose.
ALTER TABLE codes ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
