package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Error numbers of MySQL and MariaDB.
const (
	mysqlDuplicate    = 1062
	mysqlViolated     = 3819
	mariaViolated     = 4025
	mysqlLockTimedOut = 1205
	mysqlDeadlock     = 1213
)

// mysqlTexts say what an operator can act on. The server's own texts are not
// used: they quote values.
var mysqlTexts = map[uint16]string{
	1040:              "too many connections",
	1044:              "access to the database denied",
	1045:              "access denied: user or password",
	1049:              "unknown database",
	mysqlDuplicate:    "duplicate key",
	1142:              "a privilege on a table is missing",
	1146:              "no such table",
	mysqlLockTimedOut: "lock wait timed out",
	mysqlDeadlock:     "deadlock",
	1290:              "the server is read-only",
	1406:              "a value is too long for its column",
}

// fault is an error of the database without values or credentials.
type fault struct {
	text  string
	cause error // nil where the cause's text could quote a value
	// transient: the transaction may succeed when it is run again.
	transient bool
	// duplicate: a unique key is in use.
	duplicate bool
	// violated: a check of a table does not hold.
	violated bool
}

func (f *fault) Error() string { return f.text }
func (f *fault) Unwrap() error { return f.cause }

// faultOf classifies a driver's error by its code. sql.ErrNoRows and nil pass
// unchanged. Where ctx has ended, that is the cause.
func faultOf(ctx context.Context, err error) error {
	var (
		server   *mysql.MySQLError
		embedded *sqlite.Error
	)
	switch {
	case err == nil, errors.Is(err, sql.ErrNoRows):
		return err
	case ctx.Err() != nil:
		return &fault{text: ctx.Err().Error(), cause: ctx.Err()}
	case errors.As(err, &server):
		text := fmt.Sprintf("mysql error %d (%s)", server.Number, server.SQLState[:])
		if known, ok := mysqlTexts[server.Number]; ok {
			text += ": " + known
		}
		return &fault{
			text:      text,
			transient: server.Number == mysqlDeadlock || server.Number == mysqlLockTimedOut,
			duplicate: server.Number == mysqlDuplicate,
			violated:  server.Number == mysqlViolated || server.Number == mariaViolated,
		}
	case errors.As(err, &embedded):
		code := embedded.Code()
		return &fault{
			text: embedded.Error(), cause: embedded,
			transient: code&0xff == sqlite3.SQLITE_BUSY,
			duplicate: code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
			violated:  code == sqlite3.SQLITE_CONSTRAINT_CHECK,
		}
	default:
		return &fault{text: err.Error(), cause: err}
	}
}

func isTransient(err error) bool {
	var f *fault
	return errors.As(err, &f) && f.transient
}

func isDuplicate(err error) bool {
	var f *fault
	return errors.As(err, &f) && f.duplicate
}

func isViolated(err error) bool {
	var f *fault
	return errors.As(err, &f) && f.violated
}

// during names the operation that met a fault. Errors of other sorts, those of
// a caller's function among them, pass unchanged.
func during(op string, err error) error {
	var f *fault
	if errors.As(err, &f) {
		return fmt.Errorf("store: %s: %w", op, err)
	}
	return err
}
