package memory

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"

	"accord/app"
	"accord/saga"
)

var (
	_ app.DirectoryCredentials = (*Directory)(nil)
	_ app.StorageCredentials   = (*Storage)(nil)
)

// AddCredential gives a user a credential that is neither an access token nor
// an address. It panics if the user is absent: a test's mistake.
func (d *Directory) AddCredential(username string, kind app.CredentialKind, name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.find(username)
	if e == nil {
		panic("memory: AddCredential to an absent user")
	}
	e.credentials = append(e.credentials, app.Credential{Kind: kind, ID: name, Name: name})
}

// Credentials is that of app.DirectoryCredentials.
func (d *Directory) Credentials(ctx context.Context, accountID string, kinds ...app.CredentialKind) ([]app.Credential, error) {
	var found []app.Credential
	err := d.run(ctx, "Credentials", func() error {
		found = d.credentials(accountID, kinds...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (d *Directory) credentials(accountID string, kinds ...app.CredentialKind) (found []app.Credential) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.entries {
		if accountID == "" || e.Mark != accountID {
			continue
		}
		for _, c := range e.allCredentials() {
			if slices.Contains(kinds, c.Kind) {
				found = append(found, c)
			}
		}
	}
	slices.SortFunc(found, func(a, b app.Credential) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	return found
}

func (e *directoryEntry) allCredentials() []app.Credential {
	all := slices.Clone(e.credentials)
	for name, text := range e.tokens {
		all = append(all, app.Credential{Kind: app.GiteaToken, ID: name, Name: name, End: app.EndOfToken(text)})
	}
	for _, address := range e.Emails[min(1, len(e.Emails)):] {
		all = append(all, app.Credential{Kind: app.SecondAddress, ID: address, Name: address})
	}
	for n := range all {
		all[n].User = e.Username
	}
	return all
}

// SomeTokens is that of app.DirectoryCredentials.
func (d *Directory) SomeTokens(ctx context.Context, accountID string, limit int) ([]app.Credential, error) {
	var found []app.Credential
	err := d.run(ctx, "SomeTokens", func() error {
		found = d.credentials(accountID, app.GiteaToken)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found[:min(len(found), limit)], nil
}

// EndCredentials is that of app.DirectoryCredentials.
func (d *Directory) EndCredentials(ctx context.Context, accountID string, all []app.Credential) (ended []app.Credential, fault error) {
	for _, c := range all {
		err := d.EndCredential(ctx, accountID, c)
		if err == nil {
			ended = append(ended, c)
		}
		fault = saga.Graver(fault, err)
		if err != nil && !saga.IsRefused(err) {
			break
		}
	}
	return ended, fault
}

// EndCredential is that of app.DirectoryCredentials.
func (d *Directory) EndCredential(ctx context.Context, accountID string, c app.Credential) error {
	const call = "EndCredential"
	return d.run(ctx, call, func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		e := d.findRenamed(c.User)
		switch {
		case e == nil:
			return nil
		case accountID == "" || e.Mark != accountID:
			return refused(call, app.DirectoryFailed, errNotOurs)
		}
		switch c.Kind {
		case app.GiteaToken:
			delete(e.tokens, c.ID)
		case app.SecondAddress:
			if at := slices.Index(e.Emails, c.ID); at > 0 {
				e.Emails = slices.Delete(e.Emails, at, at+1)
			}
		default:
			e.credentials = slices.DeleteFunc(e.credentials, func(has app.Credential) bool {
				return has.Kind == c.Kind && has.ID == c.ID
			})
		}
		return nil
	})
}

// AddAccessKey makes a lasting access key below a user, and returns what it
// opens. It panics if the user is absent: a test's mistake.
func (s *Storage) AddAccessKey(key, accessKey string) app.Grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.users[key]; !there {
		panic("memory: AddAccessKey to an absent user")
	}
	g := app.Grant{AccessKeyID: accessKey, SecretAccessKey: app.Secret(rand.Text()), Bucket: homeBucket(key), Prefix: key + "/", Expiration: s.Now().AddDate(100, 0, 0)}
	s.accessKeys[accessKey], s.grants[accessKey] = key, lent{Grant: g, owner: key}
	return g
}

// AccessKeys is that of app.StorageCredentials.
func (s *Storage) AccessKeys(ctx context.Context, key string) ([]app.Credential, error) {
	const call = "AccessKeys"
	var found []app.Credential
	err := s.run(ctx, call, func() error {
		if !plain(key) {
			return s.refuse(call, "not an access key")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for accessKey, owner := range s.accessKeys {
			if owner == key {
				found = append(found, app.Credential{Kind: app.StorageAccessKey, User: key, ID: accessKey, Name: accessKey})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b app.Credential) int { return cmp.Compare(a.ID, b.ID) })
	return found, nil
}

// EndAccessKey is that of app.StorageCredentials.
func (s *Storage) EndAccessKey(ctx context.Context, key string, c app.Credential) error {
	const call = "EndAccessKey"
	return s.run(ctx, call, func() error {
		if !plain(key) || !plain(c.ID) || c.Kind != app.StorageAccessKey {
			return s.refuse(call, "not an access key")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.accessKeys[c.ID] == key {
			delete(s.accessKeys, c.ID)
			delete(s.grants, c.ID)
		}
		return nil
	})
}

// RevokeAll is that of app.StorageCredentials.
func (s *Storage) RevokeAll(ctx context.Context, key string) error {
	const call = "RevokeAll"
	return s.run(ctx, call, func() error {
		if !plain(key) {
			return s.refuse(call, "not an access key")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		maps.DeleteFunc(s.grants, func(_ string, g lent) bool { return g.owner == key && g.session != "" })
		return nil
	})
}
