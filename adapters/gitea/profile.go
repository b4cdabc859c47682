package gitea

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"net/http"
	"net/url"

	"accord/app"
	"accord/saga"
)

var errNoPNG = errors.New("the picture is no PNG of a size that Gitea takes")

// maxPicture is Gitea's default bound of a picture's width and height.
const maxPicture = 4096

func (u user) profile() app.DirectoryProfile {
	return app.DirectoryProfile{FullName: u.FullName, Description: u.Description, Website: u.Website, Location: u.Location}
}

// Profile implements app.Directory.
func (d *Directory) Profile(ctx context.Context, ref app.DirectoryRef) (app.DirectoryProfile, error) {
	u, err := d.marked(ctx, "read profile", ref)
	if err != nil {
		return app.DirectoryProfile{}, err
	}
	return u.profile(), nil
}

// SetProfile implements app.Directory. The fields of an Invalid error are
// nickname, description, website and location.
func (d *Directory) SetProfile(ctx context.Context, ref app.DirectoryRef, p app.DirectoryProfile) error {
	const op = "change profile"
	u, err := d.marked(ctx, op, ref)
	if err != nil {
		return err
	}
	a, err := d.change(ctx, op, u, change{
		FullName: &p.FullName, Description: &p.Description, Website: &p.Website, Location: &p.Location,
	})
	switch {
	case err != nil:
		return err
	case a.status != http.StatusOK:
		return a.invalid()
	}
	return d.confirm(ctx, a, u, func(now user) bool { return now.profile() == p })
}

// SetAvatar implements app.Directory. Gitea makes pictures of 256 KiB and more
// smaller. What is no PNG, or wider or higher than 4096, is refused.
func (d *Directory) SetAvatar(ctx context.Context, ref app.DirectoryRef, picture []byte) error {
	const op = "set avatar"
	size, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil || size.Width > maxPicture || size.Height > maxPicture {
		return saga.Refused(&app.Error{Kind: app.DirectoryFailed, Op: "gitea: " + op, Err: errNoPNG})
	}
	u, err := d.marked(ctx, op, ref)
	if err != nil {
		return err
	}
	a, err := d.send(ctx, request{
		op: op, method: http.MethodPost, path: path("user", "avatar"), query: as(u), basic: true,
		body: struct {
			Image []byte `json:"image"`
		}{picture},
	})
	if err == nil && a.status != http.StatusNoContent {
		err = a.fault()
	}
	return err
}

// as makes a request one of the user's own. The administrator's token need not
// have the scopes for that; the password has.
func as(u user) url.Values { return url.Values{"sudo": {u.Login}} }
