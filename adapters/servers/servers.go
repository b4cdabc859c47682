// Package servers starts and stops the real systems that Accord works with, as child processes: Gitea, MinIO and MariaDB.
// It also holds a mail catcher, which runs inside the calling process. `accord dev` and the tests use it; a production
// deployment brings its own servers.
//
// Each server lives in a directory of its own. Starting on the same directory again goes on where it was, with the same
// generated administrator credentials. A directory serves one caller at a time. A child that outlived its parent is found
// there and ended before the next start.
package servers

import (
	"log/slog"
	"time"
)

const (
	// startLimit bounds how long a server may take from its start to its first answer.
	startLimit = 60 * time.Second
	// stopGrace bounds how long a server may take to end by itself before it is killed.
	stopGrace = 10 * time.Second
	// pollInterval is the pause between two looks at something that only another process can change.
	pollInterval = 20 * time.Millisecond
)

// Options says how a server is started. The zero value of a field asks for its default.
type Options struct {
	// Dir is the server's private directory; it is created when absent. Required.
	Dir string
	// Listen is the TCP address to serve on. Port 0 picks a free one. Default "127.0.0.1:0".
	Listen string
	// Bin is the server's program. By default it is looked up: for Gitea and MinIO in ACCORD_GITEA_BIN and ACCORD_MINIO_BIN,
	// then in the folders `servers` beside the running executable and `bin/servers` of the enclosing module; for MariaDB on
	// the path.
	Bin string
	// Settings replace those of Gitea's app.ini, by section and key: "service.DISABLE_REGISTRATION".
	Settings map[string]string
	// Log receives what happens to the process. Default: nothing is logged. The server's own output goes to Dir/log.
	Log *slog.Logger
}

func (o Options) logger() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}
