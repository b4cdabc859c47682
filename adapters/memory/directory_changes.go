package memory

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"accord/app"
)

var (
	errAbsent  = errors.New("there is no user of that name")
	errNotOurs = errors.New("the user does not bear the mark")
)

// marked carries effect out on the user that ref names, as one call of that
// name, found by its number where another has its name. One that is absent or
// another's is refused.
func (d *Directory) marked(ctx context.Context, call string, ref app.DirectoryRef, effect func(*directoryEntry) error) error {
	return d.run(ctx, call, func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		e, err := d.ours(ref)
		if err != nil {
			return refused(call, app.DirectoryFailed, err)
		}
		return effect(e)
	})
}

// ours finds the user that ref names. errAbsent, or errNotOurs.
func (d *Directory) ours(ref app.DirectoryRef) (*directoryEntry, error) {
	named := d.findRenamed(ref.Username)
	for _, e := range []*directoryEntry{named, d.byID(ref.GiteaID)} {
		if e != nil && ref.AccountID != "" && e.Mark == ref.AccountID {
			return e, nil
		}
	}
	if named == nil {
		return nil, errAbsent
	}
	return nil, errNotOurs
}

// unlessAbsent takes the refusal of an absent user for success.
func unlessAbsent(err error) error {
	if errors.Is(err, errAbsent) {
		return nil
	}
	return err
}

// Profile is that of app.Directory.
func (d *Directory) Profile(ctx context.Context, ref app.DirectoryRef) (p app.DirectoryProfile, err error) {
	var seen app.DirectoryProfile
	err = d.marked(ctx, "Profile", ref, func(e *directoryEntry) error {
		seen = app.DirectoryProfile{
			FullName: e.FullName, Description: e.Description, Website: e.Website, Location: e.Location,
		}
		return nil
	})
	if err != nil {
		return app.DirectoryProfile{}, err
	}
	return seen, nil
}

// SetProfile is that of app.Directory, with the real adapter's Invalid errors.
func (d *Directory) SetProfile(ctx context.Context, ref app.DirectoryRef, p app.DirectoryProfile) error {
	const call = "SetProfile"
	return d.marked(ctx, call, ref, func(e *directoryEntry) error {
		switch {
		case utf8.RuneCountInString(p.FullName) > 100:
			return invalid(call, "nickname", app.Length)
		case !webAddress(p.Website):
			return invalid(call, "website", app.Pattern)
		case utf8.RuneCountInString(p.Website) > 255:
			return invalid(call, "website", app.Length)
		case utf8.RuneCountInString(p.Location) > 50:
			return invalid(call, "location", app.Length)
		case utf8.RuneCountInString(p.Description) > 255:
			return invalid(call, "description", app.Length)
		}
		e.FullName, e.Description, e.Website, e.Location = p.FullName, p.Description, p.Website, p.Location
		return nil
	})
}

// webAddress reports whether Gitea takes the website: an absolute http or https URL
// with a host, or nothing.
func webAddress(website string) bool {
	u, err := url.ParseRequestURI(website)
	return website == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// SetAvatar is that of app.Directory. What is no PNG is refused.
func (d *Directory) SetAvatar(ctx context.Context, ref app.DirectoryRef, picture []byte) error {
	const call = "SetAvatar"
	return d.marked(ctx, call, ref, func(e *directoryEntry) error {
		if _, err := png.DecodeConfig(bytes.NewReader(picture)); err != nil {
			return refused(call, app.DirectoryFailed, errors.New("the picture is no PNG"))
		}
		e.avatar = slices.Clone(picture)
		return nil
	})
}

// Avatar is the user's picture; empty where none was set.
func (d *Directory) Avatar(username string) []byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.find(username); e != nil {
		return slices.Clone(e.avatar)
	}
	return nil
}

// SetPassword is that of app.Directory, with the real adapter's Invalid errors.
func (d *Directory) SetPassword(ctx context.Context, ref app.DirectoryRef, password app.Secret) error {
	const call = "SetPassword"
	return d.marked(ctx, call, ref, func(e *directoryEntry) error {
		if len(password) < app.MinPassword {
			return invalid(call, "password", app.Pattern)
		}
		e.password, e.MustChange = password, false
		return nil
	})
}

// SetEmail is that of app.Directory, with the real adapter's Invalid errors. An
// address that differs in the case of letters only stays.
func (d *Directory) SetEmail(ctx context.Context, ref app.DirectoryRef, email string) error {
	const call = "SetEmail"
	return d.marked(ctx, call, ref, func(e *directoryEntry) error {
		holder := d.findEmail(email)
		switch {
		case holder != nil && holder != e:
			return refused(call, app.EmailTaken, holder.taken(email))
		case !app.EmailAllowed(email):
			return invalid(call, "email", app.EmailSyntax)
		case strings.EqualFold(e.Emails[0], email):
			email = e.Emails[0]
		}
		e.Emails = []string{email}
		return nil
	})
}

// SetActive is that of app.Directory.
func (d *Directory) SetActive(ctx context.Context, ref app.DirectoryRef, active bool) error {
	err := d.marked(ctx, "SetActive", ref, func(e *directoryEntry) error {
		e.ShutOut = !active
		return nil
	})
	if active {
		return err
	}
	return unlessAbsent(err)
}
