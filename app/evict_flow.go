package app

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"accord/saga"
)

// evictTimeout bounds one try of ending credentials in Gitea. The next try goes on
// from where it ended.
const evictTimeout = 15 * time.Second

// evictions is what a flow's eviction has come to. Each of two steps that run in
// parallel writes to its own fields.
type evictions struct {
	// Clean: there are no credentials in Gitea to end.
	Clean bool
	// Closing: there are, and Gitea let the user in before.
	Closing bool
	Gitea   Evicted
	// Storage names at most maxEvictedNames access keys; StorageUnnamed counts more.
	Storage        []Credential
	StorageUnnamed int
}

// recordStorage adds access keys of the storage that are dead.
func (e *evictions) recordStorage(ended []Credential) {
	all := append(e.Storage, ended...)
	e.Storage = boundedNames(all)
	e.StorageUnnamed += len(all) - len(e.Storage)
}

// all is the outcome on both systems.
func (e evictions) all() Evicted {
	out := Evicted{Ended: slices.Concat(e.Gitea.Ended, e.Storage), Unnamed: maps.Clone(e.Gitea.Unnamed), Left: e.Gitea.Left}
	if e.StorageUnnamed > 0 {
		if out.Unnamed == nil {
			out.Unnamed = map[CredentialKind]int{}
		}
		out.Unnamed[StorageAccessKey] += e.StorageUnnamed
	}
	return out
}

// eviction says whose credentials end.
type eviction struct {
	Account Account
	// Keys ends GPG and deploy keys too.
	Keys bool
	// OnlyStorage spares Gitea.
	OnlyStorage bool
	// ShutOut says that no one can sign in to the account meanwhile. Only then do
	// all temporary storage credentials end at once: those of closed sessions
	// ended one by one, and a sign-in under way would lose its own.
	ShutOut bool
	// Beside says that the saga does not hold the account, and so must not let the
	// user into Gitea. Sagas of earlier releases do not hold it.
	Beside bool
}

// thenEvicting adds the last stages of a flow that throws out. They end every
// credential of an account on Gitea and the storage that none of its open sessions
// has: access tokens, SSH keys, OAuth2 applications with the grants to them,
// second addresses, webhooks and Actions runners; storage access keys and, if no one can
// sign in, all temporary storage credentials. The stages before them close the
// sessions. Those that are open are spared, so that a late eviction does not end a
// new sign-in. Gitea ends credentials one by one, so the user is shut out of Gitea
// meanwhile, which stops all of them at once. of returns whose credentials end and
// where the outcome is kept; announce describes it.
func thenEvicting[S any](
	s *Service, d saga.Definition[S], of func(*S) (eviction, *evictions), announce func(*S) announcement,
) saga.Definition[S] {
	inGitea := func(name string, timeout time.Duration, do func(context.Context, eviction, *evictions) error) saga.Step[S] {
		return saga.Step[S]{
			Name: name, Kind: saga.Retriable, Timeout: timeout,
			Do: func(ctx context.Context, st *S) error {
				if e, into := of(st); !e.OnlyStorage {
					return do(ctx, e, into)
				}
				return nil
			},
		}
	}
	letIn := inGitea("let in again", 0, func(ctx context.Context, e eviction, into *evictions) error {
		return s.closeGitea(ctx, e, into.Closing, false)
	})
	letIn.Reverses = true
	d.Stages = append(d.Stages,
		saga.One(inGitea("look for credentials in Gitea", 0, s.lookToEvict)),
		saga.One(inGitea("shut out while credentials end", 0, func(ctx context.Context, e eviction, into *evictions) error {
			return s.closeGitea(ctx, e, into.Closing, true)
		})),
		saga.Parallel(
			inGitea("evict from Gitea", evictTimeout, func(ctx context.Context, e eviction, into *evictions) error {
				if into.Clean {
					return nil
				}
				a, err := s.presentlyAddressed(ctx, e.Account)
				if err == nil && !e.Beside {
					err = s.ownAddressFirst(ctx, a, &into.Gitea)
				}
				if err != nil {
					return err
				}
				err = s.evictFromGitea(ctx, a, e.Keys, &into.Gitea)
				if errors.Is(err, errBeyondDoors) && !e.Beside {
					// What lets no one in, and cannot be listed, keeps no one out.
					err = cmp.Or(s.closeGitea(ctx, e, into.Closing, false), err)
				}
				return err
			}),
			saga.Step[S]{
				Name: "evict from storage", Kind: saga.Retriable,
				Do: func(ctx context.Context, st *S) error {
					e, into := of(st)
					out, err := s.evictFromStorage(ctx, e)
					into.recordStorage(out)
					return err
				},
			},
		),
		saga.One(letIn),
		announcingEvicted(s, announce),
	)
	return d
}

// lookToEvict finds out whether the user has to be shut out: if there is something
// to end, or if that cannot be found out. A user whom Gitea keeps out already, by
// its administrator's will, is not let in by an eviction.
func (s *Service) lookToEvict(ctx context.Context, e eviction, into *evictions) error {
	if e.ShutOut || e.Beside {
		return nil
	}
	a, err := s.presentlyAddressed(ctx, e.Account)
	if err != nil {
		return err
	}
	users, err := s.DirectoryRepairs.UsersMarked(ctx, a.ID)
	if err != nil {
		return err
	}
	ending, left, err := s.roundInGitea(ctx, a, e.Keys, nil)
	if clean := err == nil && len(ending) == 0 && len(foreignFirst(a, users)) == 0; clean {
		into.Clean, into.Gitea.Left = true, boundedNames(left)
		return nil
	}
	into.Closing = slices.ContainsFunc(users, func(u DirectoryView) bool { return u.Active })
	return nil
}

// closeGitea shuts the user out while credentials end, or lets the user in again.
func (s *Service) closeGitea(ctx context.Context, e eviction, closing, shut bool) error {
	if !closing {
		return nil
	}
	return s.unlessGone(ctx, e.Account, s.Directory.SetActive(ctx, e.Account.Ref(), !shut))
}
