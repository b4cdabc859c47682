package gitea

import (
	"context"
	"errors"
	"net/http"

	"accord/app"
)

// SetActive implements app.Directory.
func (d *Directory) SetActive(ctx context.Context, ref app.DirectoryRef, active bool) error {
	op := "shut out"
	if active {
		op = "let in"
	}
	u, err := d.marked(ctx, op, ref)
	if errors.Is(err, errAbsent) && !active {
		return nil
	}
	if err != nil {
		return err
	}
	prohibit := !active
	c := change{ProhibitLogin: &prohibit}
	if active && !u.Activated {
		c.Activated = &active
	}
	a, err := d.change(ctx, op, u, c)
	switch {
	case err != nil:
		return err
	case a.absent() && !active:
		return nil
	case a.status != http.StatusOK:
		return a.fault()
	}
	return d.confirm(ctx, a, u, func(now user) bool { return now.ProhibitLogin == prohibit && (now.Activated || prohibit) })
}
