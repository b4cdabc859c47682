package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"accord/app/reconcile"
)

var _ reconcile.Findings = (*Drift)(nil)

// How plans end.
const (
	complete = "complete"
	failed   = "failed"
)

var (
	watchingDesc  = desc("watching", "Whether this replica makes the plans: 1 or 0.")
	plansDesc     = desc("plans_total", "Plans that this replica made on schedule, by how they ended.", "result")
	successDesc   = desc("last_plan_success", "Whether the last plan could be made: 1 or 0.")
	completedDesc = desc("last_complete_plan_timestamp_seconds", "When the last plan that could be made ended, in Unix time.")
	durationDesc  = desc("plan_duration_seconds", "How long the last plan took, whether it could be made or not.")

	driftDesc     = desc("drift", "Accounts that differ, by system and kind. Absent where that is not known.", "system", "kind")
	accountsDesc  = desc("accounts", "Accounts that are to have users on the systems, of the last plan.")
	usersDesc     = desc("users", "Users that a system showed, of the last plan.", "system")
	foreignDesc   = desc("foreign_users", "Users that are not ours, of the last plan.", "system")
	keptDesc      = desc("kept_orphans", "Orphans in Gitea that are shut out and wait for an operator, of the last plan.")
	unsettledDesc = desc("unsettled_accounts", "Differences not judged since the accounts were being changed, of the last plan.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("accord_sync_"+name, help, labels, nil)
}

// Drift tells what a reconcile.Watch found. What is not known, any more or yet,
// is absent, never zero.
type Drift struct {
	now   func() time.Time
	fresh time.Duration

	mu       sync.Mutex
	watching bool
	// last is the plan that ended last, if this process has made one since it
	// began to watch; completed is when the last complete one ended.
	last      *planned
	completed time.Time
	ended     map[string]int
}

// planned is a plan that ended, or its fault.
type planned struct {
	plan summary
	err  error
	took time.Duration
}

// summary is what is kept of a plan.
type summary struct {
	systems         []reconcile.System
	counts          map[reconcile.System]map[reconcile.Kind]int
	read, foreign   map[reconcile.System]int
	accounts        int
	kept, unsettled int
}

// Watching implements reconcile.Findings.
func (d *Drift) Watching(now bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watching, d.last, d.completed = now, nil, time.Time{}
}

// Planned implements reconcile.Findings.
func (d *Drift) Planned(p reconcile.Plan, err error, ended time.Time, took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = &planned{err: err, took: took, plan: summary{
		systems: p.Systems, counts: p.Counts(), read: p.Read, foreign: p.Foreign,
		accounts: p.Accounts, kept: len(p.Kept), unsettled: len(p.Unsettled),
	}}
	if err != nil {
		d.ended[failed]++
		return
	}
	d.ended[complete]++
	d.completed = ended
}

// Describe implements prometheus.Collector.
func (d *Drift) Describe(descs chan<- *prometheus.Desc) {
	for _, one := range []*prometheus.Desc{
		watchingDesc, plansDesc, successDesc, completedDesc, durationDesc,
		driftDesc, accountsDesc, usersDesc, foreignDesc, keptDesc, unsettledDesc,
	} {
		descs <- one
	}
}

// Collect implements prometheus.Collector.
func (d *Drift) Collect(metrics chan<- prometheus.Metric) {
	d.mu.Lock()
	defer d.mu.Unlock()
	metrics <- gauge(watchingDesc, truth(d.watching))
	for result, n := range d.ended {
		metrics <- prometheus.MustNewConstMetric(plansDesc, prometheus.CounterValue, float64(n), result)
	}
	if d.last == nil {
		return
	}
	metrics <- gauge(successDesc, truth(d.last.err == nil))
	metrics <- gauge(durationDesc, d.last.took.Seconds())
	if !d.completed.IsZero() {
		metrics <- gauge(completedDesc, float64(d.completed.UnixMilli())/1000)
	}
	if d.last.err == nil && (d.fresh == 0 || d.now().Sub(d.completed) <= d.fresh) {
		d.last.plan.collect(metrics)
	}
}

// collect tells zeros too, so that an alert sees a count come and go.
func (s summary) collect(metrics chan<- prometheus.Metric) {
	metrics <- gauge(accountsDesc, float64(s.accounts))
	metrics <- gauge(keptDesc, float64(s.kept))
	metrics <- gauge(unsettledDesc, float64(s.unsettled))
	for _, system := range s.systems {
		metrics <- gauge(usersDesc, float64(s.read[system]), string(system))
		metrics <- gauge(foreignDesc, float64(s.foreign[system]), string(system))
		for _, kind := range reconcile.WatchedKinds(system) {
			metrics <- gauge(driftDesc, float64(s.counts[system][kind]), string(system), string(kind))
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
