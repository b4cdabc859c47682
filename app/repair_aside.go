package app

import (
	"context"
	"errors"
	"strings"

	"accord/saga"
)

// steppingAside is the state of the saga that takes a Gitea user out of another
// one's way.
type steppingAside struct {
	Facts Facts
	Seen  DirectoryView
	// Name and Email are what the user has for the time being; as it was seen where
	// that is the account's.
	Name, Email string
}

func (a *steppingAside) renames() bool     { return a.Name != a.Seen.Username }
func (a *steppingAside) readdresses() bool { return a.Email != a.Seen.Email }

// StepAside gives a Gitea user that the account owns a name and an address which
// nobody wants, each only where it is not the account's: other accounts that have
// a right to them can be mended then, and this one after them. It returns the user
// as it is now. DirectoryFailed (ErrDisputed in the chain where the user is another
// account's by its number), Busy (ErrChanged in the chain where the account or the
// user is not as it was seen) or Internal.
func (s *Service) StepAside(ctx context.Context, f Facts, seen DirectoryView) (DirectoryView, saga.Receipt, error) {
	const op = "step aside in Gitea"
	if seen.Mark != f.AccountID {
		return seen, saga.Receipt{}, &Error{Kind: Internal, Op: op, Err: errors.New("the user does not bear the mark")}
	}
	state := steppingAside{Facts: f, Seen: seen, Name: seen.Username, Email: seen.Email}
	unwanted := "aside-" + s.IDs.SessionID()
	if !strings.EqualFold(seen.Username, f.Username) {
		state.Name = unwanted
	}
	if !strings.EqualFold(seen.Email, f.Email) {
		state.Email = unwanted + "@" + placeholderDomain
	}
	receipt, err := carryOut(by(ctx, System), s.repairs.stepAside, f.AccountID, state)
	if receipt, err = settled(op, receipt, err); err != nil {
		return seen, receipt, err
	}
	seen.Username, seen.Email = state.Name, state.Email
	return seen, receipt, nil
}

func (s *Service) stepAsideFlow() saga.Definition[steppingAside] {
	ref := func(a *steppingAside, username string) DirectoryRef {
		return DirectoryRef{AccountID: a.Facts.AccountID, Username: username}
	}
	return exclusive("step aside in Gitea",
		saga.One(saga.Step[steppingAside]{
			Name: "check account", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, a *steppingAside) error { return s.unchanged(ctx, a.Facts) },
		}),
		saga.One(saga.Step[steppingAside]{
			Name: "look at Gitea", Kind: saga.Compensable,
			Do: func(ctx context.Context, a *steppingAside) error { return s.lookBeforeMending(ctx, a.Facts, a.Seen) },
		}),
		saga.One(saga.Step[steppingAside]{
			Name: "rename", Kind: saga.Compensable,
			Do: func(ctx context.Context, a *steppingAside) error {
				if !a.renames() {
					return nil
				}
				return s.DirectoryRepairs.RenameUser(ctx, ref(a, a.Seen.Username), a.Name)
			},
			Undo: func(ctx context.Context, a *steppingAside) error {
				if !a.renames() {
					return nil
				}
				return s.DirectoryRepairs.RenameUser(ctx, ref(a, a.Seen.Username), a.Seen.Username)
			},
		}),
		saga.One(saga.Step[steppingAside]{
			Name: "change Gitea address", Kind: saga.Pivot,
			Do: func(ctx context.Context, a *steppingAside) error {
				if !a.readdresses() {
					return nil
				}
				return s.Directory.SetEmail(ctx, ref(a, a.Name), a.Email)
			},
		}),
	)
}
