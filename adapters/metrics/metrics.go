// Package metrics counts what a server does and tells it to Prometheus and what
// reads its format. No label holds anything that a client or a person chose.
package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"accord/app"
	"accord/app/verify"
)

// Options say what is told. All but Fresh are required.
type Options struct {
	Version string
	Census  app.SagaCensus
	// Removals counts the postponed ones.
	Removals PostponedCount
	// Fresh is how long after a plan its counts are told; zero means for ever.
	Fresh  time.Duration
	Now    func() time.Time
	Logger *slog.Logger
}

// Metrics are those of one server. Safe for concurrent use.
type Metrics struct {
	*Drift
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	refused   *prometheus.CounterVec
	admission *prometheus.CounterVec
	log       *slog.Logger
}

const (
	// readers bounds the answers that are made at the same time, and readTime the
	// making of one.
	readers  = 4
	readTime = 10 * time.Second
)

// New makes metrics that tell of nothing yet.
func New(o Options) *Metrics {
	m := &Metrics{
		Drift:    &Drift{now: o.Now, fresh: o.Fresh, ended: map[string]int{complete: 0, failed: 0}},
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "accord_http_requests_total", Help: "Requests that were answered, by route, HTTP status and outcome.",
		}, []string{"method", "route", "status", "outcome"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "accord_http_request_duration_seconds", Help: "Time from a request's header to the end of its answer, by route.",
			Buckets: prometheus.DefBuckets,
		}, []string{"method", "route"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "accord_refused_total", Help: "Requests that were not let in, by reason.",
		}, []string{"reason"}),
		admission: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "accord_admission_total", Help: "Charges to limits, by the limit's name and what became of them.",
		}, []string{"limit", "outcome"}),
		log: o.Logger,
	}
	for _, reason := range app.Refusals() {
		m.refused.WithLabelValues(string(reason))
	}
	for _, limit := range app.LimitNames() {
		for _, outcome := range verify.Outcomes() {
			m.admission.WithLabelValues(limit, outcome)
		}
	}
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "accord_build_info", Help: "1; the label says which version runs.", ConstLabels: prometheus.Labels{"version": o.Version},
	}, func() float64 { return 1 })
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build,
		m.requests, m.durations, m.refused, m.admission, m.Drift, sagas{o.Census}, removals{o.Removals, o.Now},
	)
	return m
}

// Request counts a request that was answered. Routes, methods and outcomes are
// of bounded sets.
func (m *Metrics) Request(method, route, outcome string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status), outcome).Inc()
	m.durations.WithLabelValues(method, route).Observe(took.Seconds())
}

// Refused counts a request that was not let in.
func (m *Metrics) Refused(reason app.Refusal) { m.refused.WithLabelValues(string(reason)).Inc() }

// Admission counts a charge to a limit.
func (m *Metrics) Admission(limit, outcome string) { m.admission.WithLabelValues(limit, outcome).Inc() }

// Handler serves the metrics at /metrics. What cannot be found out is left out
// and logged.
func (m *Metrics) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: complaints{m.log}, ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: readers, Timeout: readTime,
	}))
	return mux
}

// complaints logs what the library could not read.
type complaints struct{ log *slog.Logger }

func (c complaints) Println(v ...any) {
	for _, fault := range v {
		if err, ok := fault.(error); ok {
			c.log.WarnContext(context.Background(), "reading metrics", "error", err)
		}
	}
}
