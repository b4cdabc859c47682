package memory

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"accord/app"
	"accord/app/reconcile"
)

var (
	_ app.DirectoryRepairs = (*Directory)(nil)
	_ reconcile.Directory  = (*Directory)(nil)

	errMarked  = errors.New("the user bears another mark")
	errAnother = errors.New("the number is another user's")
)

func (e Entry) view() app.DirectoryView {
	return app.DirectoryView{
		ID: e.ID, Username: e.Username, Email: e.Emails[0], Mark: e.Mark, Adopted: e.Adopted, Active: !e.ShutOut && !e.Inactive,
		Admin: e.Admin, Restricted: e.Restricted, External: e.External,
		Profile: app.DirectoryProfile{FullName: e.FullName, Description: e.Description, Website: e.Website, Location: e.Location},
	}
}

// views are those of the users that pass, by number.
func (d *Directory) views(pass func(app.DirectoryView) bool) []app.DirectoryView {
	var views []app.DirectoryView
	for _, e := range d.Entries() {
		if e.Organization || e.Bot {
			continue
		}
		if v := e.view(); pass(v) {
			views = append(views, v)
		}
	}
	return views
}

// EachUser is that of reconcile.Directory.
func (d *Directory) EachUser(ctx context.Context, pace reconcile.Pace) iter.Seq2[app.DirectoryView, error] {
	return func(yield func(app.DirectoryView, error) bool) {
		var all []app.DirectoryView
		err := pace(ctx)
		if err == nil {
			err = d.run(ctx, "EachUser", func() error {
				all = d.views(func(app.DirectoryView) bool { return true })
				return nil
			})
		}
		if err != nil {
			yield(app.DirectoryView{}, err)
			return
		}
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// EachSecondAddress is that of reconcile.Directory.
func (d *Directory) EachSecondAddress(ctx context.Context, pace reconcile.Pace) iter.Seq2[reconcile.HeldAddress, error] {
	return func(yield func(reconcile.HeldAddress, error) bool) {
		var held []reconcile.HeldAddress
		err := pace(ctx)
		if err == nil {
			held, err = d.heldSecond(ctx, "EachSecondAddress", func(e *directoryEntry) bool { return !e.Organization && !e.Bot })
		}
		if err != nil {
			yield(reconcile.HeldAddress{}, err)
			return
		}
		for _, h := range held {
			if !yield(h, nil) {
				return
			}
		}
	}
}

// SecondAddresses is that of reconcile.Directory.
func (d *Directory) SecondAddresses(ctx context.Context, accountID string) ([]reconcile.HeldAddress, error) {
	return d.heldSecond(ctx, "SecondAddresses", func(e *directoryEntry) bool { return accountID != "" && e.Mark == accountID })
}

func (d *Directory) heldSecond(ctx context.Context, call string, of func(*directoryEntry) bool) (held []reconcile.HeldAddress, err error) {
	err = d.run(ctx, call, func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, e := range d.entries {
			for _, address := range e.Emails[min(1, len(e.Emails)):] {
				if of(e) {
					held = append(held, reconcile.HeldAddress{UserID: e.ID, Email: address})
				}
			}
		}
		return nil
	})
	return held, err
}

// SessionTokens is that of reconcile.Directory.
func (d *Directory) SessionTokens(ctx context.Context, username string) ([]string, error) {
	var names []string
	err := d.run(ctx, "SessionTokens", func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		e := d.find(username)
		if e == nil {
			return nil
		}
		for name := range e.tokens {
			if _, ours := app.SessionOfToken(name); ours {
				names = append(names, name)
			}
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

// UserNumbered is that of app.DirectoryRepairs.
func (d *Directory) UserNumbered(ctx context.Context, id int64) (v app.DirectoryView, found bool, err error) {
	err = d.run(ctx, "UserNumbered", func() error {
		for _, u := range d.views(func(u app.DirectoryView) bool { return u.ID == id }) {
			v, found = u, true
		}
		return nil
	})
	return v, found, err
}

// UsersMarked is that of app.DirectoryRepairs.
func (d *Directory) UsersMarked(ctx context.Context, accountID string) (views []app.DirectoryView, err error) {
	err = d.run(ctx, "UsersMarked", func() error {
		views = d.views(func(u app.DirectoryView) bool { return accountID != "" && u.Mark == accountID })
		return nil
	})
	return views, err
}

// RenameUser is that of app.DirectoryRepairs.
func (d *Directory) RenameUser(ctx context.Context, ref app.DirectoryRef, username string) error {
	const call = "RenameUser"
	return d.run(ctx, call, func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		e, holder := d.findMarked(ref), d.find(username)
		switch {
		case e == nil:
			return refused(call, app.DirectoryFailed, errNotOurs)
		case holder != nil && holder != e:
			return refused(call, app.UserTaken, holder.taken(""))
		case !app.UsernameAllowed(username):
			return invalid(call, "username", app.Pattern)
		}
		d.rename(e, username)
		return nil
	})
}

// MarkUser is that of app.DirectoryRepairs.
func (d *Directory) MarkUser(ctx context.Context, id int64, ref app.DirectoryRef) error {
	return d.setMark(ctx, "MarkUser", id, ref, func(e *directoryEntry) { e.Entry.Mark = ref.AccountID })
}

// UnmarkUser is that of app.DirectoryRepairs.
func (d *Directory) UnmarkUser(ctx context.Context, id int64, ref app.DirectoryRef) error {
	return d.setMark(ctx, "UnmarkUser", id, ref, nil)
}

// setMark puts a mark on an entry that bears none, or takes the account's off
// where mark is nil.
func (d *Directory) setMark(ctx context.Context, call string, id int64, ref app.DirectoryRef, mark func(*directoryEntry)) error {
	return d.run(ctx, call, func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		e := d.byID(id)
		switch {
		case e == nil && mark == nil:
			return nil
		case e == nil:
			return refused(call, app.DirectoryFailed, errAbsent)
		case ref.AccountID == "" || !strings.EqualFold(e.Username, ref.Username):
			return refused(call, app.DirectoryFailed, errAnother)
		case e.Mark != "" && e.Mark != ref.AccountID:
			return refused(call, app.DirectoryFailed, errMarked)
		case mark == nil:
			e.Entry.Mark, e.Adopted = "", false
		case e.Mark == "":
			mark(e)
		}
		return nil
	})
}
