package memory

import (
	"context"
	"errors"
	"iter"

	"accord/app"
	"accord/app/reconcile"
)

var (
	_ app.DirectoryAdoption       = (*Directory)(nil)
	_ reconcile.AdoptionDirectory = (*Directory)(nil)

	errAdopted = errors.New("the user was there before us")
)

// AdoptUser is that of app.DirectoryAdoption.
func (d *Directory) AdoptUser(ctx context.Context, id int64, ref app.DirectoryRef) error {
	return d.setMark(ctx, "AdoptUser", id, ref, func(e *directoryEntry) { e.Entry.Mark, e.Adopted = ref.AccountID, true })
}

// CheckPassword is that of app.DirectoryAdoption.
func (d *Directory) CheckPassword(ctx context.Context, ref app.DirectoryRef, password app.Secret) (check app.PasswordCheck, err error) {
	err = d.run(ctx, "CheckPassword", func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		e := d.findRenamed(ref.Username)
		switch {
		case e == nil || ref.AccountID == "" || e.Mark != ref.AccountID:
			check.Hindrance = "no such user bears the mark"
		case e.External:
			check.Hindrance = "another source keeps the password"
		case e.ShutOut && e.password == password:
			check.Hindrance = "shut out"
		default:
			check.Right = password != "" && e.password == password && !e.SecondFactor
		}
		return nil
	})
	return check, err
}

// EachCandidate is that of reconcile.AdoptionDirectory.
func (d *Directory) EachCandidate(ctx context.Context, pace reconcile.Pace) iter.Seq2[app.DirectoryCandidate, error] {
	return each(ctx, d, pace, "EachCandidate", func(e Entry) (app.DirectoryCandidate, bool) {
		if e.Organization || e.Bot {
			return app.DirectoryCandidate{}, false
		}
		return app.DirectoryCandidate{
			DirectoryView: e.view(), Inactive: e.Inactive, SecondFactor: e.SecondFactor, OtherLogin: e.OtherLogin,
		}, true
	})
}

// EachOrganization is that of reconcile.AdoptionDirectory.
func (d *Directory) EachOrganization(ctx context.Context, pace reconcile.Pace) iter.Seq2[string, error] {
	return each(ctx, d, pace, "EachOrganization", func(e Entry) (string, bool) { return e.Username, e.Organization })
}

// each yields what is shown of the entries, as one call of that name.
func each[T any](ctx context.Context, d *Directory, pace reconcile.Pace, call string, show func(Entry) (T, bool)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		err := pace(ctx)
		if err == nil {
			err = d.run(ctx, call, func() error { return nil })
		}
		if err != nil {
			yield(none, err)
			return
		}
		for _, e := range d.Entries() {
			if shown, ok := show(e); ok && !yield(shown, nil) {
				return
			}
		}
	}
}

// Exists is that of reconcile.AdoptionDirectory.
func (d *Directory) Exists(ctx context.Context, name string) (found bool, err error) {
	err = d.run(ctx, "Exists", func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		found = d.find(name) != nil
		return nil
	})
	return found, err
}
