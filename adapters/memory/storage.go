package memory

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"accord/app"
	"accord/saga"
)

// The limits of a real server.
const (
	leastGrant = 15 * time.Minute
	mostGrant  = 14 * 24 * time.Hour
)

// Storage is a fake of app.Storage, with the behaviour of the real adapter. Of
// objects it knows the names. Safe for concurrent use.
type Storage struct {
	*Faults
	// Now is the clock by which grants run out; set it before the first use.
	Now func() time.Time

	mu    sync.Mutex
	users map[string]storageUser
	// grants are the temporary credentials by their access key.
	grants map[string]lent
	// accessKeys are the users of lasting access keys below them.
	accessKeys map[string]string
	// objects by their full names.
	objects map[string]bool
}

type storageUser struct {
	secret app.Secret
	// policies are those beside that of homes, groups those that the user is in.
	policies, groups string
	// home tells that the user may use its home.
	home bool
	// out tells that the user is shut out.
	out bool
	// forgotten tells that the user is on the server's disk alone; see Forget.
	forgotten bool
}

type lent struct {
	app.Grant
	owner, session string
	// asleep means that the server restarted since the credentials were last
	// named: it takes them, but does not find them to revoke.
	asleep bool
}

var _ app.Storage = (*Storage)(nil)

// NewStorage makes an empty storage on the system's clock. Faults go by the
// names of the methods of app.Storage.
func NewStorage() *Storage {
	return &Storage{
		Faults: newFaults(app.StorageFailed), Now: time.Now,
		users: map[string]storageUser{}, grants: map[string]lent{}, accessKeys: map[string]string{}, objects: map[string]bool{},
	}
}

// CreateUser is that of app.Storage.
func (s *Storage) CreateUser(ctx context.Context, key string, secret app.Secret) error {
	const call = "CreateUser"
	return s.run(ctx, call, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, taken := s.look(key); taken {
			return saga.Refused(s.failure(call, app.ErrIDTaken))
		}
		if !plain(key) {
			return s.refuse(call, "this is no access key")
		}
		s.users[key] = storageUser{secret: secret, home: true}
		return nil
	})
}

// RemoveUser is that of app.Storage.
func (s *Storage) RemoveUser(ctx context.Context, key string) error {
	const call = "RemoveUser"
	return s.run(ctx, call, func() error {
		if !plain(key) {
			return s.refuse(call, "not an access key")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.remove(key)
		return nil
	})
}

// remove deletes a user and its grants; the caller holds the lock.
func (s *Storage) remove(key string) {
	delete(s.users, key)
	maps.DeleteFunc(s.grants, func(_ string, g lent) bool { return g.owner == key })
	maps.DeleteFunc(s.accessKeys, func(_, owner string) bool { return owner == key })
}

// Grant is that of app.Storage; a ttl over fourteen days is taken as fourteen.
func (s *Storage) Grant(
	ctx context.Context, key string, secret app.Secret, session string, ttl time.Duration,
) (grant app.Grant, err error) {
	const call = "Grant"
	var made app.Grant
	err = s.run(ctx, call, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		user, ok := s.look(key)
		same := subtle.ConstantTimeCompare([]byte(user.secret), []byte(secret)) == 1
		if !ok || user.out || !same || !plain(session) {
			return s.refuse(call, "access key, secret or session are not good")
		}
		made = app.Grant{
			Endpoint: "http://storage.invalid", Region: "us-east-1", Bucket: homeBucket(key), Prefix: key + "/",
			AccessKeyID: rand.Text(), SecretAccessKey: app.Secret(rand.Text()), SessionToken: app.Secret(rand.Text()),
			Expiration: s.Now().Add(min(max(ttl, leastGrant), mostGrant)),
		}
		s.grants[made.AccessKeyID] = lent{Grant: made, owner: key, session: session}
		return nil
	})
	if err != nil {
		return app.Grant{}, err
	}
	return made, nil
}

// Revoke is that of app.Storage.
func (s *Storage) Revoke(ctx context.Context, key, session, accessKey string) error {
	const call = "Revoke"
	return s.run(ctx, call, func() error {
		if !plain(key) || !plain(session) {
			return s.refuse(call, "not an access key or not a session")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		maps.DeleteFunc(s.grants, func(id string, g lent) bool {
			return g.owner == key && g.session == session && (!g.asleep || id == accessKey)
		})
		return nil
	})
}

// SetActive is that of app.Storage.
func (s *Storage) SetActive(ctx context.Context, key string, active bool) error {
	const call = "SetActive"
	return s.run(ctx, call, func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		user, ok := s.look(key)
		if !plain(key) || !ok && active {
			return s.refuse(call, "there is no such user")
		}
		if ok {
			user.out = !active
			s.users[key] = user
		}
		return nil
	})
}

// CountObjects is that of app.Storage.
func (s *Storage) CountObjects(ctx context.Context, key string, limit int) (int, error) {
	const call = "CountObjects"
	count := 0
	err := s.run(ctx, call, func() error {
		if !plain(key) {
			return s.refuse(call, "not an access key")
		}
		count = max(0, min(len(s.Objects(key)), limit))
		return nil
	})
	if err != nil {
		return 0, err
	}
	return count, nil
}

// PurgeUser is that of app.Storage.
func (s *Storage) PurgeUser(ctx context.Context, key string) error {
	const call = "PurgeUser"
	return s.run(ctx, call, func() error {
		if !plain(key) {
			return s.refuse(call, "not an access key")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		maps.DeleteFunc(s.objects, func(name string, _ bool) bool { return strings.HasPrefix(name, key+"/") })
		s.remove(key)
		return nil
	})
}

// plain reports whether a name is there and cannot be taken for a path, nor for
// a folder of the adapter's own.
func plain(name string) bool { return name != "" && name[0] != '.' && !strings.Contains(name, "/") }

func (s *Storage) refuse(call, why string) error {
	return saga.Refused(s.failure(call, errors.New(why)))
}

// PlaceForeign makes a user that is not ours: nobody let it at a home.
func (s *Storage) PlaceForeign(key string, secret app.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[key] = storageUser{secret: secret}
}

// Users are the access keys of all users on the disk, foreign ones too, in order.
func (s *Storage) Users() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.users))
}

// LiveSessions are the sessions with a grant that has not run out, in order.
func (s *Storage) LiveSessions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, found := s.Now(), map[string]bool{}
	for _, g := range s.grants {
		if g.session != "" && now.Before(g.Expiration) {
			found[g.session] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Restart makes the server forget all credentials until they are named.
func (s *Storage) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, g := range s.grants {
		g.asleep = true
		s.grants[id] = g
	}
}

// MayUse reports whether the credentials may read and write the object: they
// are whole and live, their user is let in, and it lies in their home.
func (s *Storage) MayUse(g app.Grant, object string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mayUse(g, object)
}

func (s *Storage) mayUse(g app.Grant, object string) bool {
	found, ok := s.grants[g.AccessKeyID]
	user := s.users[found.owner]
	return ok && found.SecretAccessKey == g.SecretAccessKey && found.SessionToken == g.SessionToken &&
		s.Now().Before(found.Expiration) && user.home && !user.out && strings.HasPrefix(object, found.owner+"/")
}

// homeBucket is the bucket of a user's home.
func homeBucket(key string) string { return "homes-" + key }

// List answers a request to list a bucket, or all buckets if the name is empty,
// with these credentials. A user may list its own bucket, whatever else it asks
// for, and see that it exists. Unfinished uploads are not modelled.
func (s *Storage) List(g app.Grant, bucket, prefix string) (shown []string, allowed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := s.grants[g.AccessKeyID].owner
	if user, own := s.users[g.AccessKeyID]; own && user.secret == g.SecretAccessKey && user.home && !user.out {
		key = g.AccessKeyID
	} else if !s.mayUse(g, key+"/") {
		return nil, false
	}
	switch bucket {
	case "":
		return []string{homeBucket(key)}, true
	case homeBucket(key):
		return s.objectsIn(key+"/", prefix), true
	}
	return nil, false
}

// Put writes the object with these credentials, or reports that it may not.
func (s *Storage) Put(g app.Grant, object string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.mayUse(g, object) {
		return false
	}
	s.objects[object] = true
	return true
}

// Objects are the full names of the objects in the home of key, in order.
func (s *Storage) Objects(key string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objectsIn(key+"/", "")
}

// objectsIn lists the objects of a home whose names begin so; the caller holds
// the lock.
func (s *Storage) objectsIn(home, prefix string) []string {
	var names []string
	for name := range s.objects {
		if strings.HasPrefix(name, home) && strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Active reports whether there is a user of that key that is let in.
func (s *Storage) Active(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, ok := s.users[key]
	return ok && !user.out
}
