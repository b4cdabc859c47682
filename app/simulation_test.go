package app_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"accord/adapters/memory"
	"accord/saga/sagatest"
)

// The simulation is steered by the environment, so that one binary serves
// `make sim`, the tests and the broken variants.
const (
	simEnvSeed    = "ACCORD_SIM_SEED"
	simEnvCount   = "ACCORD_SIM_N"
	simEnvVerbose = "ACCORD_SIM_VERBOSE"
	// simEnvTeams lets the people of every schedule with an organization leave it.
	simEnvTeams = "ACCORD_SIM_TEAMS"
	// simEnvFirst ends a run at the first failure.
	simEnvFirst = "ACCORD_SIM_FIRST"
)

// simDefault is how many schedules run where nobody says otherwise.
const simDefault = 2000

func simNumber(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, name)
	return n
}

// simulate runs one schedule on the fake of the account store.
func simulate(t *testing.T, seed uint64, verbose bool) sagatest.Outcome {
	var w *simWorld
	return sagatest.Simulate(t, seed, verbose, func(s *sagatest.Simulation) sagatest.Scenario {
		w = newSimWorld(s, memory.NewStore(sagatest.NewJournal()))
		return w.scenario()
	}, func(s *sagatest.Simulation) { w.check(s) })
}

func (w *simWorld) scenario() sagatest.Scenario {
	return sagatest.Scenario{
		Journal: w.store.Journal, Open: w.serve, Systems: []string{simGitea, simMinIO}, Requests: w.requests(),
	}
}

// TestSimulation runs the schedules of as many seeds as it is asked for.
func TestSimulation(t *testing.T) {
	first, n := simNumber(t, simEnvSeed, 1), simNumber(t, simEnvCount, simDefault)
	verbose := os.Getenv(simEnvVerbose) != ""
	var mu sync.Mutex
	counts := map[string]int{}
	failed := 0
	start := time.Now()
	workers := uint64(runtime.GOMAXPROCS(0))
	t.Run("schedules", func(t *testing.T) {
		for worker := range workers {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				for seed := first + worker; seed < first+n; seed += workers {
					out := simulate(t, seed, verbose)
					mu.Lock()
					for what, k := range out.Counts {
						counts[what] += min(k, 1)
					}
					if len(out.Violations) > 0 {
						failed++
						t.Errorf("seed %d: %s\n%sreplay: make sim SEED=%d N=1", seed, strings.Join(out.Violations, "\n"), strings.Join(out.Lines, ""), seed)
					}
					if verbose {
						t.Log(strings.Join(out.Lines, ""))
					}
					enough := failed >= 5 || failed > 0 && os.Getenv(simEnvFirst) != ""
					mu.Unlock()
					if enough {
						return
					}
				}
			})
		}
	})
	elapsed := time.Since(start)
	t.Logf("%d schedules in %s, %.0f a second", n, elapsed.Round(time.Millisecond), float64(n)/elapsed.Seconds())
	report := make([]string, 0, len(counts))
	for what, k := range counts {
		report = append(report, fmt.Sprintf("%8d %s", k, what))
	}
	slices.SortFunc(report, func(a, b string) int { return strings.Compare(a[9:], b[9:]) })
	t.Logf("schedules with\n%s", strings.Join(report, "\n"))
	if n < simDefault || failed > 0 {
		return
	}
	for _, what := range simMet {
		if counts[what] == 0 {
			t.Errorf("no schedule with %q: the generator covers it no more", what)
		}
	}
}

// simMet is what so many schedules as simDefault have to meet.
var simMet = []string{
	"taken over", "fenced", "late effect", "stuck", "answer: busy", "answer: undecided",
	"fault: crash", "fault: shut down", "fault: stall", "fault: gitea down", "fault: storage down", "fault: journal down",
	"fault: remote refused", "fault: remote failed", "fault: remote reply lost", "fault: remote reply late",
	"fault: remote request late", "fault: remote crash before", "fault: remote crash after",
	"fault: write failed", "fault: write reply lost", "fault: write crash before", "fault: write crash after",
	"outcome: register committed", "outcome: register aborted", "outcome: sign in committed", "outcome: sign in aborted",
	"outcome: sign out committed", "outcome: edit committed", "outcome: edit aborted",
	"outcome: change e-mail committed", "outcome: change e-mail aborted",
	"outcome: change password committed", "outcome: change password aborted",
	"outcome: reset password committed", "outcome: reset password aborted", "outcome: change mobile committed",
	"outcome: delete committed", "outcome: delete aborted", "outcome: purge committed",
	"outcome: restore committed", "outcome: restore aborted",
	"outcome: modify committed", "outcome: modify aborted", "outcome: set password committed", "outcome: set role committed",
	"outcome: evict committed", "an intruder is out", "outcome: suspend committed", "outcome: suspend aborted", "outcome: resume committed",
	"squatted", "a second address stays", "outcome: take address committed", "answer: forbidden", "answer: last administrator", "answer: invitation wrong", "answer: mobile taken", "answer: token invalid",
	"outcome: send mail code committed", "outcome: send short message committed",
}

// One seed is one schedule, whatever goroutine is faster.
func TestSimulationIsDeterministic(t *testing.T) {
	for seed := range uint64(300) {
		one, two := simulate(t, seed, true), simulate(t, seed, true)
		require.Equal(t, strings.Join(one.Lines, ""), strings.Join(two.Lines, ""), "seed %d", seed)
		require.Equal(t, one.Trace, two.Trace)
	}
}
