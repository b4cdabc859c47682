package app

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// endTogether bounds the remote calls of one account's ending sessions.
const endTogether = 4

// endRemotely makes the Gitea tokens and storage credentials of closed sessions
// dead. Repeatable.
func (s *Service) endRemotely(ctx context.Context, a Account, ended []Session) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(endTogether)
	for _, session := range ended {
		group.Go(func() error { return s.Directory.DeleteToken(ctx, a.Ref(), session.GiteaTokenName()) })
		group.Go(func() error { return s.Storage.Revoke(ctx, a.StorageKey, session.ID, session.StorageAccessKey) })
	}
	return group.Wait()
}
