package app

import (
	"context"
	"time"
)

// How many rows one transaction clears, and how many of those one run has.
const (
	clearBatch   = 500
	clearBatches = 20
)

// clearingJobs are what ClearUp does.
func (s *Service) clearingJobs() []job {
	jobs := []job{
		{"accounts with credentials made after an eviction", s.EvictAgain},
		{"stale registrations", s.abandonStale},
		{"undone registrations", s.stripAbandoned},
		{"orphaned Gitea tokens", s.endOrphanTokens},
	}
	if s.StoredPictures != nil && s.settings.Uploads.KeepUnused > 0 {
		jobs = append(jobs, job{"unused uploads", s.clearUploads})
	}
	if s.Archive != nil {
		jobs = append(jobs, job{"ended sagas", s.pruneSagas})
	}
	for kind, before := range map[Leftover]func() time.Time{
		OldCodes: s.Now, OldBudgets: s.Now, OldCounters: s.Now, OldFailures: s.Now, OldAnswers: s.Now, OldProofs: s.Now, OldChallenges: s.Now,
		ReservedSessions: s.settled, ClosedSessions: s.outdated,
	} {
		jobs = append(jobs, job{"old " + string(kind), func(ctx context.Context) (int, error) {
			return inBatches(func() (int, error) { return s.Leftovers.Clear(ctx, kind, before(), clearBatch) })
		}})
	}
	return jobs
}

// settled is when what was begun before it is no flow's any more.
func (s *Service) settled() time.Time { return s.Now().Add(-s.settings.Sweep.Settle) }

// outdated is when what ended before it need not be looked up any more.
func (s *Service) outdated() time.Time { return s.Now().Add(-s.settings.Sweep.Keep) }

// inBatches repeats until there is nothing left, within bounds.
func inBatches(clear func() (int, error)) (total int, err error) {
	for range clearBatches {
		n, err := clear()
		total += n
		if err != nil || n < clearBatch {
			return total, err
		}
	}
	return total, nil
}

// abandonStale gives up registrations that no saga holds: what was restored
// from a copy, or what an operator resolved.
func (s *Service) abandonStale(ctx context.Context) (int, error) {
	return inBatches(func() (int, error) {
		return s.Leftovers.AbandonReserved(ctx, s.settled(), s.Now(), clearBatch)
	})
}

// stripAbandoned takes name and address from registrations that were undone.
func (s *Service) stripAbandoned(ctx context.Context) (int, error) {
	return inBatches(func() (int, error) { return s.Leftovers.Strip(ctx, s.outdated(), clearBatch) })
}

// pruneSagas removes the history of sagas that ended.
func (s *Service) pruneSagas(ctx context.Context) (int, error) {
	return inBatches(func() (int, error) { return s.Archive.Prune(ctx, s.outdated(), clearBatch) })
}
