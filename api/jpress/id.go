package jpress

import (
	"context"
	"fmt"
	"strconv"

	"accord/app"
)

// idOf is the accountId as a number: the userId of the core has more digits
// than a client's numbers may keep, and front-ends send back what they read.
func idOf(a app.Account) int64 {
	id, _ := strconv.ParseInt(a.ID, 10, 64) // it has fourteen digits
	return id
}

// userIDsFrom is above every accountId; what is larger is a userId.
const userIDsFrom = 1e14

// nobody has this userId.
const nobody = -1

// userID is the core's number of the person whom a client names by either
// number. Who has none of an accountId gets one that nobody has: what is
// answered then is up to what the client may know.
func (d *dialect) userID(ctx context.Context, id int64) (int64, error) {
	if id >= userIDsFrom {
		return id, nil
	}
	found, err := d.Service.UserIDOf(ctx, fmt.Sprintf("%014d", id))
	if err != nil && app.KindOf(err) == app.NotFound {
		found, err = nobody, nil
	}
	return found, err
}

// readID reads a number that names a person.
func (d *dialect) readID(ctx context.Context, name, text string) (int64, error) {
	if text == "" {
		return 0, violation(name, app.NotBlank)
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, violation(name, app.TypeMismatch)
	}
	return d.userID(ctx, id)
}
