package minio

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"accord/app"
	"accord/app/reconcile"
)

var (
	_ app.StorageRepairs = (*Storage)(nil)
	_ reconcile.Storage  = (*Storage)(nil)
)

// listingTime bounds the reading of a listing of users, which is one answer
// however many there are; the time-out of requests bounds the wait for its
// beginning.
const listingTime = 10 * time.Minute

// EachUser implements reconcile.Storage. The server has no paging: its one answer
// is decrypted and read piece by piece. Servers sort it by access key.
func (s *Storage) EachUser(ctx context.Context) iter.Seq2[app.StorageView, error] {
	const op = "list storage users"
	return func(yield func(app.StorageView, error) bool) {
		ctx, cancel := context.WithTimeout(ctx, max(listingTime, s.options.Timeout))
		defer cancel()
		wanted := true
		err := s.admin.eachUser(ctx, func(key string, u userRecord) bool {
			wanted = yield(s.view(key, u), nil)
			return wanted
		})
		if err != nil && wanted {
			yield(app.StorageView{}, failed(op, denied(err)))
		}
	}
}

// Users collects what EachUser yields, by access key.
func (s *Storage) Users(ctx context.Context) (map[string]app.StorageView, error) {
	users := map[string]app.StorageView{}
	for u, err := range s.EachUser(ctx) {
		if err != nil {
			return nil, err
		}
		users[u.Key] = u
	}
	return users, nil
}

func (s *Storage) view(key string, u userRecord) app.StorageView {
	policies := slices.DeleteFunc(strings.Split(u.PolicyName, ","), func(name string) bool {
		return name == "" || name == s.options.PolicyName
	})
	slices.Sort(policies)
	return app.StorageView{
		Key: key, Enabled: u.Status == "enabled", Home: u.PolicyName == s.options.PolicyName,
		Policies: strings.Join(policies, ","), Groups: strings.Join(slices.Sorted(slices.Values(u.MemberOf)), ","),
	}
}

// User implements app.StorageRepairs.
func (s *Storage) User(ctx context.Context, key string) (app.StorageView, bool, error) {
	const op = "look at storage user"
	if !named(key) {
		return app.StorageView{}, false, refused(op, errNames)
	}
	user, err := s.admin.userInfo(ctx, key)
	switch {
	case codeOf(err) == codeNoUser:
		return app.StorageView{}, false, nil
	case err != nil:
		return app.StorageView{}, false, failed(op, denied(err))
	}
	return s.view(key, user), true, nil
}

// SetHome implements app.StorageRepairs.
func (s *Storage) SetHome(ctx context.Context, key string, secret app.Secret) error {
	const op = "set secret and policy of storage user"
	if !named(key) {
		return refused(op, errNames)
	}
	// The server takes a secret and a policy for a user that it does not have, and
	// lets in whom it is given a secret for.
	user, err := s.admin.userInfo(ctx, key)
	if err != nil {
		return failed(op, denied(err))
	}
	if !s.view(key, user).Enabled {
		return refused(op, errShutOut)
	}
	if err := s.admin.addUser(ctx, key, secret); err != nil {
		return failed(op, denied(err))
	}
	if err := s.admin.setPolicy(ctx, key, s.options.PolicyName); err != nil {
		return failed(op, denied(after(err)))
	}
	return failed(op, denied(after(s.ensureBucket(ctx, s.options.homeBucket(key)))))
}

// eachUser reads the listing of users until do has enough.
func (a *admin) eachUser(ctx context.Context, do func(key string, u userRecord) bool) error {
	r := a.get("list-users", nil)
	body, err := a.wire.stream(ctx, r)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	plain, err := a.seal.reader(ctx, io.LimitReader(body, maxListing))
	if err == nil {
		err = decodeUsers(plain, do)
	}
	if err != nil {
		return nonsense(r.call, http.StatusOK, err, true)
	}
	return nil
}

var errListing = errors.New("not the list of users that was expected, or the answer was cut short")

// decodeUsers reads an object of users. Its error quotes nothing of it.
func decodeUsers(from io.Reader, do func(key string, u userRecord) bool) error {
	list := json.NewDecoder(from)
	if open, err := list.Token(); err != nil || open != json.Delim('{') {
		return errListing
	}
	for list.More() {
		key, err := list.Token()
		name, isName := key.(string)
		var u userRecord
		if err != nil || !isName || list.Decode(&u) != nil {
			return errListing
		}
		if !do(name, u) {
			return nil
		}
	}
	if end, err := list.Token(); err != nil || end != json.Delim('}') {
		return errListing
	}
	if _, err := list.Token(); err != io.EOF { // the end is sealed too
		return errListing
	}
	return nil
}

// denied adds app.ErrDenied to a failure by which the administrator was turned
// away.
func denied(err error) error {
	var f *failure
	if !errors.As(err, &f) || (f.status != http.StatusForbidden && f.status != http.StatusUnauthorized) {
		return err
	}
	told := *f
	told.cause = errors.Join(app.ErrDenied, f.cause)
	return &told
}
