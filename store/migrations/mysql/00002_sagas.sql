-- +goose Up
CREATE TABLE IF NOT EXISTS sagas (
    id          VARCHAR(128) NOT NULL PRIMARY KEY,
    flow        VARCHAR(128) NOT NULL,
    subject     VARCHAR(128) NOT NULL,
    exclusive   BOOLEAN      NOT NULL,
    phase       VARCHAR(16)  NOT NULL,
    steps       TEXT         NOT NULL, -- JSON: step name to status
    state       MEDIUMBLOB, -- sealed; NULL once the saga has ended
    epoch       BIGINT       NOT NULL,
    owner       VARCHAR(128) NOT NULL,
    due         BIGINT       NOT NULL,
    runnable    BOOLEAN      NOT NULL, -- 1 while neither ended nor stuck
    attempts    INT          NOT NULL,
    stuck       BOOLEAN      NOT NULL,
    reason      TEXT         NOT NULL,
    entry_count BIGINT       NOT NULL,
    created_at  BIGINT       NOT NULL,
    updated_at  BIGINT       NOT NULL,
    KEY sagas_due (runnable, due),
    KEY sagas_owner (owner)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS saga_entries (
    saga_id VARCHAR(128) NOT NULL,
    seq     BIGINT       NOT NULL, -- 1, 2, … within the saga
    event   VARCHAR(32)  NOT NULL,
    step    VARCHAR(128) NOT NULL,
    cause   TEXT         NOT NULL,
    epoch   BIGINT       NOT NULL,
    at      BIGINT       NOT NULL,
    PRIMARY KEY (saga_id, seq),
    CONSTRAINT saga_entries_of_saga FOREIGN KEY (saga_id) REFERENCES sagas (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row per subject that an exclusive saga holds.
CREATE TABLE IF NOT EXISTS saga_holds (
    subject VARCHAR(128) NOT NULL PRIMARY KEY,
    saga_id VARCHAR(128) NOT NULL,
    KEY saga_holds_saga (saga_id),
    CONSTRAINT saga_holds_of_saga FOREIGN KEY (saga_id) REFERENCES sagas (id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
