package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
)

// KeySetAge is how long others may keep the published keys before they ask
// again. Fresh keys are to be published for longer before they sign.
const KeySetAge = time.Minute

// readyTimeout bounds one check of every system.
const readyTimeout = 5 * time.Second

// SystemState is how one of the systems is.
type SystemState struct {
	// Name of the system, such as "gitea".
	Name string
	// Fault is what is wrong with it; empty where nothing is. It is shown to
	// whoever asks and holds no secret.
	Fault string
}

type readyAnswer struct {
	Ready   bool          `json:"ready"`
	Systems []systemState `json:"systems"`
}

type systemState struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
	Fault string `json:"fault,omitempty"`
}

func alive(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]bool{"alive": true})
}

// readiness answers 200 where every system is well, else 503. Requests that
// come while a check is under way share its outcome.
func (s *server) readiness(c echo.Context) error {
	shared, _, _ := s.checks.Do("ready", func() (any, error) { return s.check(c.Request().Context()), nil })
	answer := shared.(readyAnswer)
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	return c.JSON(status, answer)
}

// check outlives the request that began it, which others may be waiting on.
func (s *server) check(ctx context.Context) readyAnswer {
	answer := readyAnswer{Ready: true, Systems: []systemState{}}
	if s.ready == nil {
		return answer
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	for _, state := range s.ready(ctx) {
		well := state.Fault == ""
		answer.Ready = answer.Ready && well
		answer.Systems = append(answer.Systems, systemState{Name: state.Name, Ready: well, Fault: state.Fault})
	}
	return answer
}

func keySet(jwks func() []byte) echo.HandlerFunc {
	return func(c echo.Context) error {
		keys := jwks()
		if len(keys) == 0 {
			return echo.ErrServiceUnavailable
		}
		c.Response().Header().Set(echo.HeaderCacheControl, "public, max-age="+strconv.Itoa(int(KeySetAge/time.Second)))
		return c.Blob(http.StatusOK, "application/jwk-set+json", keys)
	}
}
