package infinite_test

import (
	"net/http"
	"testing"

	"accord/api"
	"accord/api/infinite"
	"accord/api/wiretest/stage"
	"accord/app"
)

// world is a stage with the dialect on it, whose answers are held against the
// dialect's document.
type world struct{ *stage.Stage }

func newWorld(t *testing.T) *world {
	t.Helper()
	document := published(t)
	return &world{stage.New(t, stage.Options{
		Dialects: func(s *app.Service) []api.Dialect {
			return []api.Dialect{infinite.New(infinite.Options{Service: s, Zone: stage.Zone})}
		},
		Around: func(h http.Handler) http.Handler { return document.Checked(t, h) },
	})}
}
