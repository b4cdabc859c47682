package store

import "context"

// RecordGrant implements app.SessionGrants.
func (s *sessions) RecordGrant(ctx context.Context, session, accessKey string) error {
	return s.db.atomically(ctx, "record storage grant", func(ctx context.Context) error {
		_, err := s.db.exec(ctx, "UPDATE sessions SET storage_access_key = ? WHERE id = ? AND storage_access_key = ''", accessKey, session)
		return err
	})
}
