package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var postponedDesc = prometheus.NewDesc("accord_removals_postponed",
	"Accounts whose grace period is over and whose removal waits, as for an organization's owner. The same on every replica.", nil, nil)

// PostponedCount counts the removals that are postponed beyond now.
type PostponedCount interface {
	CountPostponed(ctx context.Context, now time.Time) (int, error)
}

// removals counts those that are postponed whenever it is asked.
type removals struct {
	count PostponedCount
	now   func() time.Time
}

func (removals) Describe(descs chan<- *prometheus.Desc) { descs <- postponedDesc }

func (r removals) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), censusTime)
	defer cancel()
	n, err := r.count.CountPostponed(ctx, r.now())
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(postponedDesc, err)
		return
	}
	metrics <- gauge(postponedDesc, float64(n))
}
