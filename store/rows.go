package store

import (
	"cmp"
	"strings"
	"time"
	"unicode/utf8"

	"accord/app"
)

// micros is a time as both databases keep it: microseconds since 1970 in UTC.
// 0 is the zero time.
type micros int64

func microsOf(t time.Time) micros {
	if t.IsZero() {
		return 0
	}
	return micros(t.UnixMicro())
}

func (m micros) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(m)).UTC()
}

// The longest free texts kept, in bytes: what a client says of itself, and the
// text of an error.
const (
	maxDevice = 1024
	maxCause  = 4096
)

// The longest names of who asked for what, by which way and in which request:
// what their columns hold.
const (
	maxActor   = 128
	maxChannel = 64
	maxRequest = 128
)

// clip makes text from outside fit to be stored: valid UTF-8 of at most limit
// bytes.
func clip(s string, limit int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// columns lists names for a SELECT, an INSERT or its values: each is put where
// the % is.
func columns(names, form string) string {
	all := strings.Fields(names)
	for i, name := range all {
		all[i] = strings.ReplaceAll(form, "%", name)
	}
	return strings.Join(all, ", ")
}

const accountColumns = `id user_id username username_key email email_verified email_held country mobile mobile_key mobile_held
	nickname nickname_key avatar_url description website location status leaving_until password_hash credential_epoch gitea_id gitea_origin storage_key storage_secret storage_origin
	role gitea_password created_at updated_at`

type accountRow struct {
	ID            string  `db:"id"`
	UserID        int64   `db:"user_id"`
	Username      string  `db:"username"`
	UsernameKey   *string `db:"username_key"`
	Email         string  `db:"email"`
	EmailVerified bool    `db:"email_verified"`
	EmailHeld     bool    `db:"email_held"`
	Country       string  `db:"country"`
	Mobile        string  `db:"mobile"`
	MobileKey     *string `db:"mobile_key"`
	MobileHeld    bool    `db:"mobile_held"`
	profileRow
	NicknameKey     *string `db:"nickname_key"`
	Status          string  `db:"status"`
	LeavingUntil    micros  `db:"leaving_until"`
	PasswordHash    string  `db:"password_hash"`
	CredentialEpoch int64   `db:"credential_epoch"`
	GiteaID         int64   `db:"gitea_id"`
	GiteaOrigin     string  `db:"gitea_origin"`
	StorageKey      string  `db:"storage_key"`
	StorageSecret   []byte  `db:"storage_secret"`
	StorageOrigin   string  `db:"storage_origin"`
	Role            string  `db:"role"`
	GiteaPassword   string  `db:"gitea_password"`
	CreatedAt       micros  `db:"created_at"`
	UpdatedAt       micros  `db:"updated_at"`
}

// profileRow has the fields of an app.Profile, in their order.
type profileRow struct {
	Nickname    string `db:"nickname"`
	AvatarURL   string `db:"avatar_url"`
	Description string `db:"description"`
	Website     string `db:"website"`
	Location    string `db:"location"`
}

// mobileKey is the form of a number in which uniqueness is judged: as it is
// dialled, so that it does not matter where the country's code ends. Nil where
// there is none.
func mobileKey(country, mobile string) *string {
	if mobile == "" {
		return nil
	}
	key := country + mobile
	return &key
}

func accountRowOf(a app.Account, sealedSecret []byte) accountRow {
	usernameKey, nicknameKey := app.FoldKey(a.Username), app.FoldKey(a.Nickname)
	return accountRow{
		ID: a.ID, UserID: a.UserID,
		Username: a.Username, UsernameKey: &usernameKey,
		Email: a.Email, EmailVerified: a.EmailVerified, EmailHeld: a.EmailHeld, MobileHeld: a.MobileHeld,
		Country: a.Country, Mobile: a.Mobile, MobileKey: mobileKey(a.Country, a.Mobile), profileRow: profileRow(a.Profile), NicknameKey: &nicknameKey,
		Status: string(a.Status), PasswordHash: a.PasswordHash.Reveal(), CredentialEpoch: a.CredentialEpoch,
		GiteaID: a.GiteaID, GiteaOrigin: string(a.GiteaOrigin),
		StorageKey: a.StorageKey, StorageSecret: sealedSecret, StorageOrigin: string(a.StorageOrigin),
		Role: string(cmp.Or(a.Role, app.User)), GiteaPassword: string(cmp.Or(a.GiteaPassword, app.SamePassword)),
		CreatedAt: microsOf(a.CreatedAt), UpdatedAt: microsOf(a.UpdatedAt),
	}
}

func (r accountRow) account(secret []byte) app.Account {
	return app.Account{
		ID: r.ID, UserID: r.UserID,
		Username: r.Username, Email: r.Email, EmailVerified: r.EmailVerified, EmailHeld: r.EmailHeld, MobileHeld: r.MobileHeld,
		Country: r.Country, Mobile: r.Mobile, Profile: app.Profile(r.profileRow),
		Status: app.Status(r.Status), PasswordHash: app.Secret(r.PasswordHash), CredentialEpoch: r.CredentialEpoch,
		GiteaID: r.GiteaID, GiteaOrigin: app.Origin(r.GiteaOrigin),
		StorageKey: r.StorageKey, StorageSecret: app.Secret(secret), StorageOrigin: app.Origin(r.StorageOrigin),
		Role: app.Role(r.Role), GiteaPassword: app.GiteaPassword(r.GiteaPassword),
		CreatedAt: r.CreatedAt.time(), UpdatedAt: r.UpdatedAt.time(), LeavingUntil: r.LeavingUntil.time(),
	}
}

const sessionColumns = "id account_id credential_epoch ip device created_at expires_at opened_at closed_at storage_access_key gitea_token_end"

type sessionRow struct {
	ID              string `db:"id"`
	AccountID       string `db:"account_id"`
	CredentialEpoch int64  `db:"credential_epoch"`
	IP              string `db:"ip"`
	Device          string `db:"device"`
	CreatedAt       micros `db:"created_at"`
	ExpiresAt       micros `db:"expires_at"`
	OpenedAt        micros `db:"opened_at"`
	ClosedAt        micros `db:"closed_at"`
	StorageKey      string `db:"storage_access_key"`
	TokenEnd        string `db:"gitea_token_end"`
}

func sessionRowOf(s app.Session) sessionRow {
	return sessionRow{
		ID: s.ID, AccountID: s.AccountID, CredentialEpoch: s.CredentialEpoch,
		IP: clip(s.IP, maxDevice), Device: clip(s.Device, maxDevice),
		CreatedAt: microsOf(s.CreatedAt), ExpiresAt: microsOf(s.ExpiresAt), StorageKey: s.StorageAccessKey, TokenEnd: s.GiteaTokenEnd,
	}
}

func (r sessionRow) session() app.Session {
	return app.Session{
		ID: r.ID, AccountID: r.AccountID, CredentialEpoch: r.CredentialEpoch,
		IP: r.IP, Device: r.Device, CreatedAt: r.CreatedAt.time(), ExpiresAt: r.ExpiresAt.time(),
		StorageAccessKey: r.StorageKey, GiteaTokenEnd: r.TokenEnd,
	}
}

// live reports whether the session was opened and not closed.
func (r sessionRow) live() bool { return r.OpenedAt != 0 && r.ClosedAt == 0 }
