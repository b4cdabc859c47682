package app

import (
	"context"

	"accord/saga"
)

// Principal is who a good access token speaks for.
type Principal struct {
	Account Account
	Session Session
}

// signingOut is the state of the sign-out saga, by request or by expiry.
type signingOut struct {
	Session    Session
	Username   string
	GiteaID    int64
	StorageKey string
}

func (out *signingOut) ref() DirectoryRef {
	return DirectoryRef{AccountID: out.Session.AccountID, Username: out.Username, GiteaID: out.GiteaID}
}

// SignOut ends the session on all three systems. DirectoryFailed or
// StorageFailed tell that a token there is not dead yet: the session is closed
// all the same and the rest goes on in the background. Internal otherwise.
func (s *Service) SignOut(ctx context.Context, p Principal) (saga.Receipt, error) {
	return s.end(ctx, "sign out", p.Account, p.Session)
}

func (s *Service) end(ctx context.Context, op string, a Account, session Session) (saga.Receipt, error) {
	receipt, err := carryOut(by(ctx, a.ID), s.signOut, a.ID, signingOut{
		Session: session, Username: a.Username, GiteaID: a.GiteaID, StorageKey: a.StorageKey,
	})
	if err == nil {
		err = receipt.Pending
	}
	return receipt, failed(op, err)
}

func (s *Service) signOutFlow() saga.Definition[signingOut] {
	return saga.Sequence("sign out",
		saga.One(saga.Step[signingOut]{
			Name: "close session", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, out *signingOut) error {
				return s.Sessions.Close(ctx, out.Session.ID, s.Now())
			},
		}),
		saga.Parallel(
			saga.Step[signingOut]{
				Name: "delete Gitea token", Kind: saga.Retriable,
				Do: func(ctx context.Context, out *signingOut) error {
					return s.Directory.DeleteToken(ctx, out.ref(), out.Session.GiteaTokenName())
				},
			},
			saga.Step[signingOut]{
				Name: "revoke storage", Kind: saga.Retriable,
				Do: func(ctx context.Context, out *signingOut) error {
					return s.Storage.Revoke(ctx, out.StorageKey, out.Session.ID, out.Session.StorageAccessKey)
				},
			},
		),
	)
}
