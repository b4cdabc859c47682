package main

import (
	"github.com/stretchr/testify/require"

	"accord/store"
)

// auditIsWhole: the trail's chain holds, and has one entry of each saga that has
// ended, with the outcome that it had. Sending a code leaves none.
func (c *comparison) auditIsWhole() {
	require.NoError(c.t, withStore(c.t.Context(), c.site.Config, func(s *store.Store) error {
		if _, err := s.Audit.Verify(c.t.Context(), store.AuditMark{}); err != nil {
			c.wrong("", "%v", err)
		}
		return nil
	}))
	var sagas []struct {
		ID, Flow, Subject, Phase, Outcomes string
		Entries                            int
	}
	require.NoError(c.t, c.db.SelectContext(c.t.Context(), &sagas, `SELECT s.id, s.flow, s.subject, s.phase,
			COALESCE(e.entries, 0) AS entries, COALESCE(e.outcomes, '') AS outcomes
		FROM sagas s LEFT JOIN (SELECT saga_id, action, COUNT(*) AS entries, GROUP_CONCAT(outcome) AS outcomes
			FROM audit_entries GROUP BY saga_id, action) e ON e.saga_id = s.id AND e.action = s.flow
		WHERE s.phase IN ('committed', 'aborted') AND s.flow <> 'send notice'
			AND CASE WHEN s.subject = 'code' THEN e.entries IS NOT NULL
				ELSE e.entries IS NULL OR e.entries <> 1 OR e.outcomes NOT LIKE CONCAT(s.phase, '%') END`))
	for _, s := range sagas {
		c.wrong(s.Subject, "the saga %s, %s, is %s and has %d entries in the audit trail: %s", s.ID, s.Flow, s.Phase, s.Entries, s.Outcomes)
	}
}
