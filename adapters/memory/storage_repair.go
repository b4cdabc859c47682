package memory

import (
	"context"
	"iter"

	"accord/app"
	"accord/app/reconcile"
)

var (
	_ app.StorageRepairs = (*Storage)(nil)
	_ reconcile.Storage  = (*Storage)(nil)
)

func (s *Storage) view(key string) (app.StorageView, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, found := s.look(key)
	return app.StorageView{Key: key, Enabled: !u.out, Home: u.home && u.policies == "", Policies: u.policies, Groups: u.groups}, found
}

// EachUser is that of reconcile.Storage.
func (s *Storage) EachUser(ctx context.Context) iter.Seq2[app.StorageView, error] {
	return func(yield func(app.StorageView, error) bool) {
		var keys []string
		err := s.run(ctx, "EachUser", func() error {
			keys = s.known()
			return nil
		})
		if err != nil {
			yield(app.StorageView{}, err)
			return
		}
		for _, key := range keys {
			if v, found := s.view(key); found && !yield(v, nil) {
				return
			}
		}
	}
}

// User is that of app.StorageRepairs.
func (s *Storage) User(ctx context.Context, key string) (v app.StorageView, found bool, err error) {
	err = s.run(ctx, "User", func() error {
		if !plain(key) {
			return s.refuse("User", "not an access key")
		}
		v, found = s.view(key)
		return nil
	})
	if err != nil || !found {
		return app.StorageView{}, false, err
	}
	return v, true, nil
}

// SetHome is that of app.StorageRepairs.
func (s *Storage) SetHome(ctx context.Context, key string, secret app.Secret) error {
	const call = "SetHome"
	return s.run(ctx, call, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		u, found := s.look(key)
		if !plain(key) || !found || u.out {
			return s.refuse(call, "there is no such user that is let in")
		}
		u.home, u.secret, u.policies = true, secret, ""
		s.users[key] = u
		return nil
	})
}

// LoseHome takes the policy from a user, as an administrator might.
func (s *Storage) LoseHome(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, found := s.users[key]; found {
		u.home = false
		s.users[key] = u
	}
}

// Empower gives a user policies beside that of homes, and groups, as an
// administrator might.
func (s *Storage) Empower(key, policies, groups string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, found := s.users[key]; found {
		u.policies, u.groups = policies, groups
		s.users[key] = u
	}
}
