package store

import "context"

// RecordGrant implements app.SessionGrants.
func (s *sessions) RecordGrant(ctx context.Context, session, accessKey, tokenEnd string) error {
	const record = `UPDATE sessions SET
		storage_access_key = CASE storage_access_key WHEN '' THEN ? ELSE storage_access_key END,
		gitea_token_end = CASE gitea_token_end WHEN '' THEN ? ELSE gitea_token_end END
		WHERE id = ?`
	return s.db.atomically(ctx, "record what was granted", func(ctx context.Context) error {
		_, err := s.db.exec(ctx, record, accessKey, tokenEnd, session)
		return err
	})
}
