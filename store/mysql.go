package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"
)

const (
	mysqlConns       = 32
	mysqlConnLife    = 5 * time.Minute
	mysqlDialTimeout = 5 * time.Second
	mysqlSQLMode     = "'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
	// mysqlLockWait is in seconds: less than a caller's patience, so that a wait
	// in vain can be tried again.
	mysqlLockWait = "2"
)

func openMySQL(dsn string, log *slog.Logger) (*sqlx.DB, error) {
	cfg, err := configureMySQL(dsn, log)
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, errors.New("the parameters of the MySQL DSN contradict each other")
	}
	db := sqlx.NewDb(sql.OpenDB(readCommitted{connector}), "mysql")
	db.SetMaxOpenConns(mysqlConns)
	db.SetMaxIdleConns(mysqlConns)
	db.SetConnMaxLifetime(mysqlConnLife)
	return db, nil
}

// configureMySQL reads the DSN and sets what the store depends on. The driver's
// own error is dropped: it may quote a part of the DSN.
func configureMySQL(dsn string, log *slog.Logger) (*mysql.Config, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, errors.New("the MySQL DSN is not of the form user:password@tcp(host:port)/database")
	}
	if cfg.DBName == "" {
		return nil, errors.New("the MySQL DSN names no database")
	}
	cfg.ParseTime, cfg.Loc = true, time.UTC
	cfg.ClientFoundRows = true
	cfg.Collation = "utf8mb4_bin"
	cfg.InterpolateParams = true // one round trip per statement instead of three
	cfg.MultiStatements = false
	cfg.Logger = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	if cfg.Timeout == 0 {
		cfg.Timeout = mysqlDialTimeout
	}
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["time_zone"] = "'+00:00'"
	cfg.Params["sql_mode"] = mysqlSQLMode
	cfg.Params["innodb_lock_wait_timeout"] = mysqlLockWait
	return cfg, nil
}

// readCommitted makes connections of that isolation level: no gap locks, hence
// far fewer deadlocks. Rows that a decision rests on are locked by name. The
// level has no variable that MySQL and MariaDB both know, so it is not a
// parameter of the DSN.
type readCommitted struct{ driver.Connector }

func (c readCommitted) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	execer, ok := conn.(driver.ExecerContext)
	if !ok {
		return nil, errors.Join(errors.New("the MySQL driver cannot execute directly"), conn.Close())
	}
	if _, err := execer.ExecContext(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", nil); err != nil {
		return nil, errors.Join(fmt.Errorf("set the isolation level: %w", err), conn.Close())
	}
	return conn, nil
}
