package community

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"accord/app"
)

// user is a person as he himself and administrators see him.
func (d *dialect) user(p app.Person) user {
	birthday := p.Attributes.Birthday
	if birthday.IsZero() {
		birthday = unknownBirthday
	}
	return user{
		UID: uidOf(p.Account.ID), Username: p.Account.Username, Name: p.Account.Nickname, Sign: p.Attributes.Sign, Email: maskedEmail(p.Account),
		Avatar: p.Account.AvatarURL, Cover: p.Attributes.Cover, Gender: p.Attributes.Gender, Role: numberOf(p.Account.Role),
		Birthday: birthday.Format(time.DateTime), CreatedAt: p.Account.CreatedAt.In(d.zone).Format(time.DateTime),
	}
}

// unknownBirthday is the document's default.
var unknownBirthday = time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC)

// numberOf is the wire's number of a role: 0 a user, 1 an administrator, 2 a
// super-administrator.
func numberOf(r app.Role) int { return max(slices.Index(app.Roles(), r), 0) }

// uidOf is an accountId as a number. The userId of the core has more digits
// than a JavaScript number keeps, and the document's clients send back what
// they read.
func uidOf(accountID string) int64 {
	n, err := strconv.ParseInt(accountID, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// userIDsFrom is above every accountId; what is larger is a userId.
const userIDsFrom = 1e14

// userID is the core's number of a person. Who has none of an accountId gets one
// that nobody has.
func (d *dialect) userID(ctx context.Context, uid int64) (int64, error) {
	if uid < 0 || uid >= userIDsFrom {
		return uid, nil
	}
	id, err := d.service.UserIDOf(ctx, fmt.Sprintf("%014d", uid))
	if err != nil && app.KindOf(err) == app.NotFound {
		return 0, nil
	}
	return id, err
}

// maskedEmail shows the ends of an address's local part; nothing where the
// account has no address of its own.
func maskedEmail(a app.Account) string {
	if !a.HasEmail() {
		return ""
	}
	local, domain, _ := strings.Cut(a.Email, "@")
	if len(local) < 2 {
		return local + mask + "@" + domain
	}
	return local[:1] + mask + local[len(local)-1:] + "@" + domain
}

const mask = "****"

// bornOn reads a day in the ways clients write one. An instant is the day it
// is in the zone of the wire.
func (d *dialect) bornOn(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{"2006-1-2", "2006/1/2", time.DateTime, "2006-1-2 15:04:05", "2006-01-02T15:04:05"} {
		if day, err := time.Parse(layout, text); err == nil {
			return dayOf(day), true
		}
	}
	at, err := time.Parse(time.RFC3339, text)
	return dayOf(at.In(d.zone)), err == nil
}

func dayOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}
