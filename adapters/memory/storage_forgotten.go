package memory

import (
	"maps"
	"slices"
)

// Forget takes the user out of what the server remembers and leaves it on the
// server's disk. So does a removal that MinIO carries out for a client that has
// gone away. A forgotten user is not listed; whatever names it brings it back.
func (s *Storage) Forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u, found := s.users[key]; found {
		u.forgotten = true
		s.users[key] = u
	}
}

// look finds a user, on the disk too, and remembers it; the caller holds the
// lock.
func (s *Storage) look(key string) (storageUser, bool) {
	u, found := s.users[key]
	if u.forgotten {
		u.forgotten = false
		s.users[key] = u
	}
	return u, found
}

// known are the access keys of the users that the server remembers, in order.
func (s *Storage) known() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := slices.Sorted(maps.Keys(s.users))
	return slices.DeleteFunc(keys, func(key string) bool { return s.users[key].forgotten })
}
