package app

import (
	"context"
	"errors"
	"strings"

	"accord/saga"
)

// mendingDirectory is the state of the saga that puts a Gitea user right.
type mendingDirectory struct {
	Facts Facts
	Seen  DirectoryView
	// Found out on the way: another user of ours has the address as a second one.
	AddressPending bool
}

// Owns reports whether a Gitea user is beyond doubt the account's: it bears its
// mark, or it bears none and has the number, the name and the address that the
// account's user had when its mark was lost.
func (f Facts) Owns(v DirectoryView) bool {
	if v.Mark != "" {
		return v.Mark == f.AccountID
	}
	return f.GiteaID != 0 && v.ID == f.GiteaID && !v.External &&
		strings.EqualFold(v.Username, f.Username) && strings.EqualFold(v.Email, f.Email)
}

// MendDirectory makes a Gitea user that the account owns show what the account
// store says: mark, name, address, profile, whether it is let in; a number that
// differs is noted. All of it, or nothing. UserTaken or EmailTaken where another
// user has the name or address; DirectoryFailed (ErrDisputed in the chain where the
// user is another account's by its number), Busy (ErrChanged in the chain where the
// account or the user is not as it was seen) or Internal.
func (s *Service) MendDirectory(ctx context.Context, f Facts, seen DirectoryView) (saga.Receipt, error) {
	const op = "mend in Gitea"
	if !f.Owns(seen) {
		return saga.Receipt{}, &Error{Kind: Internal, Op: op, Err: errors.New("the user is not the account's")}
	}
	receipt, err := carryOut(by(ctx, System), s.repairs.mendDirectory, f.AccountID, mendingDirectory{Facts: f, Seen: seen})
	return settled(op, receipt, err)
}

// now is the user under the name that it has once the names agree.
func (m *mendingDirectory) now() DirectoryRef {
	return DirectoryRef{AccountID: m.Facts.AccountID, Username: m.Facts.Username, GiteaID: m.Seen.ID}
}

// before is the user under the name that it was seen with; Gitea leads from
// there to a later one.
func (m *mendingDirectory) before() DirectoryRef {
	return DirectoryRef{AccountID: m.Facts.AccountID, Username: m.Seen.Username, GiteaID: m.Seen.ID}
}

// differing makes a step of one concern, which does nothing where that agrees.
func differing(name string, differs func(*mendingDirectory) bool, do, undo saga.Action[mendingDirectory]) saga.Stage[mendingDirectory] {
	only := func(act saga.Action[mendingDirectory]) saga.Action[mendingDirectory] {
		return func(ctx context.Context, m *mendingDirectory) error {
			if !differs(m) {
				return nil
			}
			return act(ctx, m)
		}
	}
	return saga.One(saga.Step[mendingDirectory]{Name: name, Kind: saga.Compensable, Do: only(do), Undo: only(undo)})
}

// unmendEmail puts back the address that was seen, unless another user has it by
// now, also as a second one: it was never the account's.
func (s *Service) unmendEmail(ctx context.Context, m *mendingDirectory) error {
	if m.AddressPending {
		return nil // nothing was done, and a call would end second addresses
	}
	err := s.Directory.SetEmail(ctx, m.now(), m.Seen.Email)
	if saga.IsRefused(err) && KindOf(err) == EmailTaken {
		return nil
	}
	return err
}

func (s *Service) mendDirectoryFlow() saga.Definition[mendingDirectory] {
	return exclusive("mend in Gitea",
		saga.One(saga.Step[mendingDirectory]{
			Name: "check account", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, m *mendingDirectory) error { return s.unchanged(ctx, m.Facts) },
		}),
		saga.One(saga.Step[mendingDirectory]{
			Name: "look at Gitea", Kind: saga.Compensable,
			Do: func(ctx context.Context, m *mendingDirectory) error { return s.lookBeforeMending(ctx, m.Facts, m.Seen) },
		}),
		differing("mark", func(m *mendingDirectory) bool { return m.Seen.Mark == "" },
			func(ctx context.Context, m *mendingDirectory) error {
				return s.markAgain(ctx, m.Seen.ID, m.before())
			},
			func(ctx context.Context, m *mendingDirectory) error {
				return s.DirectoryRepairs.UnmarkUser(ctx, m.Seen.ID, m.before())
			}),
		differing("rename", func(m *mendingDirectory) bool { return !strings.EqualFold(m.Seen.Username, m.Facts.Username) },
			func(ctx context.Context, m *mendingDirectory) error {
				return s.DirectoryRepairs.RenameUser(ctx, m.before(), m.Facts.Username)
			},
			func(ctx context.Context, m *mendingDirectory) error {
				return s.DirectoryRepairs.RenameUser(ctx, m.before(), m.Seen.Username)
			}),
		differing("change Gitea address", func(m *mendingDirectory) bool { return !strings.EqualFold(m.Seen.Email, m.Facts.Email) },
			func(ctx context.Context, m *mendingDirectory) (err error) {
				m.AddressPending, err = s.setEmailOrDefer(ctx, m.now(), m.Facts.Email)
				return err
			},
			func(ctx context.Context, m *mendingDirectory) error {
				return s.unmendEmail(ctx, m)
			}),
		differing("change Gitea profile", func(m *mendingDirectory) bool { return m.Seen.Profile != m.Facts.Profile },
			func(ctx context.Context, m *mendingDirectory) error {
				return s.Directory.SetProfile(ctx, m.now(), m.Facts.Profile)
			},
			func(ctx context.Context, m *mendingDirectory) error {
				return s.Directory.SetProfile(ctx, m.now(), m.Seen.Profile)
			}),
		differing("let into Gitea or shut out", func(m *mendingDirectory) bool { return m.Seen.Active != m.Facts.Active() },
			func(ctx context.Context, m *mendingDirectory) error {
				return s.Directory.SetActive(ctx, m.now(), m.Facts.Active())
			},
			func(ctx context.Context, m *mendingDirectory) error {
				return s.Directory.SetActive(ctx, m.now(), m.Seen.Active)
			}),
		saga.One(saga.Step[mendingDirectory]{
			Name: "note Gitea user", Kind: saga.Pivot, Local: true,
			Do: func(ctx context.Context, m *mendingDirectory) error {
				if m.Seen.ID == m.Facts.GiteaID {
					return nil
				}
				// Whoever made the user again gave it a password that we do not know.
				return s.Repairs.SetDirectoryUser(ctx, m.Facts.AccountID, m.Seen.ID, RandomPassword, s.Now())
			},
		}),
		saga.One(takingAddress(s, func(m *mendingDirectory) (Account, string, bool) {
			return m.Facts.account(m.Seen.ID), m.Facts.Email, m.AddressPending
		})),
	)
}

// lookBeforeMending refuses where the user is not as it was seen, or where a
// user of another number is to be the account's and it is not the only one, or
// another account's.
func (s *Service) lookBeforeMending(ctx context.Context, f Facts, seen DirectoryView) error {
	if err := s.sameInDirectory(ctx, seen); err != nil || seen.ID == f.GiteaID {
		return err
	}
	former, found, err := s.DirectoryRepairs.UserNumbered(ctx, f.GiteaID)
	switch {
	case err != nil:
		return err
	case found && f.Owns(former):
		return changed()
	}
	return s.undisputed(ctx, seen)
}

// LacksHome reports whether the account's storage user needs the policy of homes.
// One that is rightly shut out can be given none, and has none to use.
func (f Facts) LacksHome(v StorageView) bool {
	return !v.Home && (v.Enabled || f.Active())
}

// mendingStorage is the state of the saga that puts a storage user right.
type mendingStorage struct {
	Facts Facts
	Seen  StorageView
}

// MendStorage gives the account's storage user the policy of homes and no other,
// with the account's secret, for whoever lacks the policy may have been made again
// by hand; and lets it in or shuts it out. StorageFailed, Busy (ErrChanged in the
// chain where the account or the user is not as it was seen) or Internal.
func (s *Service) MendStorage(ctx context.Context, f Facts, seen StorageView) (saga.Receipt, error) {
	const op = "mend in storage"
	if seen.Key != StorageKeyOf(f.AccountID) {
		return saga.Receipt{}, &Error{Kind: Internal, Op: op, Err: errors.New("the user is not the account's")}
	}
	receipt, err := carryOut(by(ctx, System), s.repairs.mendStorage, f.AccountID, mendingStorage{Facts: f, Seen: seen})
	return settled(op, receipt, err)
}

// A user that is shut out is given no policy by the storage: whoever is to be
// let in is so before, and whoever is to be shut out afterwards.
func (s *Service) mendStorageFlow() saga.Definition[mendingStorage] {
	set := func(ctx context.Context, m *mendingStorage, active bool) error {
		return s.Storage.SetActive(ctx, m.Seen.Key, active)
	}
	return exclusive("mend in storage",
		saga.One(saga.Step[mendingStorage]{
			Name: "check account", Kind: saga.Compensable, Local: true,
			Do: func(ctx context.Context, m *mendingStorage) error { return s.unchanged(ctx, m.Facts) },
		}),
		saga.One(saga.Step[mendingStorage]{
			Name: "look at storage", Kind: saga.Compensable,
			Do: func(ctx context.Context, m *mendingStorage) error { return s.sameInStorage(ctx, m.Seen) },
		}),
		saga.One(saga.Step[mendingStorage]{
			Name: "let into storage", Kind: saga.Compensable,
			Do: func(ctx context.Context, m *mendingStorage) error {
				if m.Seen.Enabled || !m.Facts.Active() {
					return nil
				}
				return set(ctx, m, true)
			},
			Undo: func(ctx context.Context, m *mendingStorage) error {
				if m.Seen.Enabled || !m.Facts.Active() {
					return nil
				}
				return set(ctx, m, false)
			},
		}),
		saga.One(saga.Step[mendingStorage]{ // the policy that was there is not known, so there is no way back
			Name: "set policy", Kind: saga.Pivot,
			Do: func(ctx context.Context, m *mendingStorage) error {
				if !m.Facts.LacksHome(m.Seen) {
					return nil
				}
				account, err := s.Accounts.ByID(ctx, m.Facts.AccountID)
				if err != nil {
					return saga.Refused(err)
				}
				return s.StorageRepairs.SetHome(ctx, m.Seen.Key, account.StorageSecret)
			},
		}),
		saga.One(saga.Step[mendingStorage]{
			Name: "shut out of storage", Kind: saga.Retriable,
			Do: func(ctx context.Context, m *mendingStorage) error {
				if !m.Seen.Enabled || m.Facts.Active() {
					return nil
				}
				return set(ctx, m, false)
			},
		}),
	)
}
