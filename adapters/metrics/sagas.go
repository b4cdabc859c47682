package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"accord/app"
)

// censusTime bounds the counting of sagas.
const censusTime = 3 * time.Second

var (
	sagasDesc = prometheus.NewDesc("accord_sagas", "Sagas that have not ended, by phase. The same on every replica.", []string{"phase"}, nil)
	stuckDesc = prometheus.NewDesc("accord_sagas_stuck", "Sagas that wait for an operator. The same on every replica.", nil, nil)
)

// sagas counts them whenever it is asked.
type sagas struct{ census app.SagaCensus }

func (sagas) Describe(descs chan<- *prometheus.Desc) {
	descs <- sagasDesc
	descs <- stuckDesc
}

func (s sagas) Collect(metrics chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), censusTime)
	defer cancel()
	count, err := s.census.CountSagas(ctx)
	if err != nil {
		metrics <- prometheus.NewInvalidMetric(sagasDesc, err)
		return
	}
	for _, phase := range app.Unended() {
		metrics <- gauge(sagasDesc, float64(count.Phases[phase]), string(phase))
	}
	metrics <- gauge(stuckDesc, float64(count.Stuck))
}

func gauge(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}
