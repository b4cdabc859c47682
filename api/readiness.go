package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/sync/singleflight"
)

// readyTimeout bounds one check of every system. Health checks wait 5 s for the
// answer; see docker-compose.yml.
const readyTimeout = 3 * time.Second

// SystemState is how one of the systems is.
type SystemState struct {
	// Name of the system, such as "gitea".
	Name string
	// Fault is what is wrong with it; empty if nothing is. It may name inner
	// addresses and holds no secret.
	Fault string
}

// Readiness reports whether the systems behind a server are well. Clients learn
// only whether they are; the faults are for operators. Safe for concurrent use.
type Readiness struct {
	ask    func(ctx context.Context) []SystemState
	logger *slog.Logger
	checks singleflight.Group
	// unready is whether the last check found a fault.
	unready atomic.Bool
}

// NewReadiness returns a Readiness that asks the systems by ask, which is
// called once at a time with a deadline. A nil ask means always ready. Faults
// are logged when the systems become unready, not at every check.
func NewReadiness(ask func(ctx context.Context) []SystemState, logger *slog.Logger) *Readiness {
	return &Readiness{ask: ask, logger: logger}
}

type readyDetails struct {
	Ready   bool          `json:"ready"`
	Systems []systemState `json:"systems"`
}

type systemState struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
	Fault string `json:"fault,omitempty"`
}

// public answers 200 if every system is well, else 503, and nothing more:
// anyone may ask.
func (r *Readiness) public(c echo.Context) error {
	details := r.details(c.Request().Context())
	return c.JSON(readyStatus(details), map[string]bool{"ready": details.Ready})
}

// ServeHTTP answers like the public endpoint and adds the state of each system.
// It belongs on a listener that only operators reach.
func (r *Readiness) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	details := r.details(request.Context())
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(readyStatus(details))
	if err := json.NewEncoder(w).Encode(details); err != nil {
		r.logger.DebugContext(request.Context(), "answer not written", "error", err)
	}
}

func readyStatus(d readyDetails) int {
	if d.Ready {
		return http.StatusOK
	}
	return http.StatusServiceUnavailable
}

// details checks every system. Requests that come while a check is under way
// share its outcome.
func (r *Readiness) details(ctx context.Context) readyDetails {
	shared, _, _ := r.checks.Do("ready", func() (any, error) { return r.check(ctx), nil })
	return shared.(readyDetails)
}

// check outlives the request that began it: others may wait for its outcome.
func (r *Readiness) check(ctx context.Context) readyDetails {
	details := readyDetails{Ready: true, Systems: []systemState{}}
	if r.ask == nil {
		return details
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	var faults []string
	for _, state := range r.ask(ctx) {
		well := state.Fault == ""
		if !well {
			faults = append(faults, state.Name+": "+state.Fault)
		}
		details.Systems = append(details.Systems, systemState{Name: state.Name, Ready: well, Fault: state.Fault})
	}
	details.Ready = len(faults) == 0
	if was := r.unready.Swap(!details.Ready); was != !details.Ready {
		r.logChange(ctx, faults)
	}
	return details
}

func (r *Readiness) logChange(ctx context.Context, faults []string) {
	if len(faults) == 0 {
		r.logger.InfoContext(ctx, "ready again")
		return
	}
	r.logger.WarnContext(ctx, "not ready", "faults", strings.Join(faults, "; "))
}
