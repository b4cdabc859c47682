package memory

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"accord/app"
)

var (
	_ app.DirectoryDoor = (*Directory)(nil)
	_ app.StorageDoor   = (*Storage)(nil)
)

// LetsIn is that of app.DirectoryDoor.
func (d *Directory) LetsIn(ctx context.Context, token app.Secret) (in bool, err error) {
	const call = "LetsIn"
	var seen bool
	err = d.run(ctx, call, func() error {
		if token == "" {
			return refused(call, app.DirectoryFailed, errors.New("there is no token"))
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		owner := d.withToken(token)
		if owner != nil && !owner.ShutOut && owner.MustChange {
			return refused(call, app.DirectoryFailed, errors.New("the user must change the password"))
		}
		seen = owner != nil && !owner.ShutOut
		return nil
	})
	return seen && err == nil, err
}

func (d *Directory) withToken(token app.Secret) *directoryEntry {
	for _, e := range d.entries {
		for _, text := range e.tokens {
			if text == token {
				return e
			}
		}
	}
	return nil
}

// Tokens is that of app.DirectoryDoor.
func (d *Directory) Tokens(ctx context.Context, ref app.DirectoryRef, prefix string) ([]app.DirectoryToken, error) {
	const maxTokens = 1000
	var found []app.DirectoryToken
	err := d.marked(ctx, "Tokens", ref, func(e *directoryEntry) error {
		for name, text := range e.tokens {
			if strings.HasPrefix(name, prefix) {
				found = append(found, app.DirectoryToken{Name: name, End: app.EndOfToken(text), CreatedAt: e.made[name]})
			}
		}
		return nil
	})
	if errors.Is(err, errAbsent) || errors.Is(err, errNotOurs) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b app.DirectoryToken) int { return cmp.Compare(a.Name, b.Name) })
	return found[:min(len(found), maxTokens)], nil
}

// LetsIn is that of app.StorageDoor.
func (s *Storage) LetsIn(ctx context.Context, g app.Grant) (bool, error) {
	const call = "LetsIn"
	var seen bool
	err := s.run(ctx, call, func() error {
		if g.AccessKeyID == "" || g.SecretAccessKey == "" || g.Prefix == "" {
			return s.refuse(call, "no credentials")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if user, own := s.users[g.AccessKeyID]; own {
			seen = user.secret == g.SecretAccessKey && user.home && !user.out && g.Prefix == g.AccessKeyID+"/"
		} else {
			seen = s.mayUse(g, g.Prefix)
		}
		return nil
	})
	return seen && err == nil, err
}
