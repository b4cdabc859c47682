package infinite

import (
	"fmt"
	"time"

	"accord/api"
	"accord/api/body"
	"accord/app"
)

// Field order in the DTOs is the document's: the first violation in that order
// makes the message, and answers are written in it.

type registerRequest struct {
	Username body.Value `json:"username" validate:"notBlank,text,length=255,field=username"`
	Email    body.Value `json:"email" validate:"notBlank,text,length=255,field=email"`
	Password body.Value `json:"password" validate:"notBlank,text,length=32,field=password"`
}

type loginRequest struct {
	Email     body.Value `json:"email" validate:"notBlankWith=Username,text,length=255,printable"`
	Username  body.Value `json:"username" validate:"notBlankWith=Email,text,length=255,printable"`
	Password  body.Value `json:"password" validate:"notBlank,text,length=32,printable"`
	KeepLogin body.Value `json:"enableKeepLogin" validate:"textOrSwitch"`
	// KeepLoginAsTyped is the key as the document's examples have it.
	KeepLoginAsTyped body.Value `json:"enableKeepLogin " validate:"textOrSwitch"`
}

// keepLoginEnable is the dictionary value that asks for the long session; any
// other text means the default one.
const keepLoginEnable = "keepLogin.enable"

// keep reports whether the long session was asked for.
func (r loginRequest) keep() bool {
	said := r.KeepLogin.Sent
	if said == nil {
		said = r.KeepLoginAsTyped.Sent
	}
	return said == true || said == keepLoginEnable
}

type loginAnswer struct {
	AccessToken    string            `json:"accessToken"`
	GiteaToken     string            `json:"giteaToken"`
	StorageToken   string            `json:"storageToken"`
	CreateDatetime string            `json:"createDatetime"`
	Nickname       string            `json:"nickname"`
	AccountID      string            `json:"accountId"`
	Username       string            `json:"username"`
	Email          string            `json:"email"`
	Mobile         string            `json:"mobile"`
	EmailVerified  string            `json:"emailVerified"`
	IconURL        string            `json:"iconUrl"`
	LoginIP        string            `json:"loginIp"`
	LoginDevice    string            `json:"loginDevice"`
	Status         string            `json:"status"`
	UpdateDatetime string            `json:"updateDatetime"`
	UserID         int64             `json:"userId,string"`
	Storage        api.StorageAnswer `json:"storage"`
}

func (d *dialect) loginAnswer(in app.SignedIn) loginAnswer {
	a, grant := in.Account, in.Grant
	return loginAnswer{
		AccessToken: in.AccessToken.Reveal(), GiteaToken: in.GiteaToken.Reveal(), StorageToken: grant.SessionToken.Reveal(),
		CreateDatetime: d.datetime(a.CreatedAt), Nickname: a.Nickname, AccountID: a.ID, Username: a.Username,
		Email: a.OwnEmail(), Mobile: a.Mobile, EmailVerified: verifiedWord(a.EmailVerified), IconURL: a.AvatarURL,
		LoginIP: d.loginIP(in.Session), LoginDevice: in.Session.Device, Status: "status." + string(a.Status),
		UpdateDatetime: d.datetime(a.UpdatedAt), UserID: a.UserID,
		Storage: api.NewStorageAnswer(grant),
	}
}

type detailAnswer struct {
	CreateDatetime string `json:"createDatetime"`
	Nickname       string `json:"nickname"`
	AccountID      string `json:"accountId"`
	Username       string `json:"username"`
	Email          string `json:"email"`
	Mobile         string `json:"mobile"`
	EmailVerified  int    `json:"emailVerified"`
	IconURL        string `json:"iconUrl"`
	LoginIP        string `json:"loginIp"`
	LoginDevice    string `json:"loginDevice"`
	Status         string `json:"status"`
	UpdateDatetime string `json:"updateDatetime"`
	UserID         int64  `json:"userId"`
	// UserIDStr is for clients whose numbers lose digits of UserID.
	UserIDStr   int64  `json:"userIdStr,string"`
	Description string `json:"description"`
	Website     string `json:"website"`
	Location    string `json:"location"`
}

func (d *dialect) detailAnswer(p app.Principal) detailAnswer {
	a := p.Account
	return detailAnswer{
		CreateDatetime: d.datetime(a.CreatedAt), Nickname: a.Nickname, AccountID: a.ID, Username: a.Username,
		Email: a.OwnEmail(), Mobile: a.Mobile, EmailVerified: verifiedNumber(a.EmailVerified), IconURL: a.AvatarURL,
		LoginIP: d.loginIP(p.Session), LoginDevice: p.Session.Device, Status: statusNumbers[a.Status],
		UpdateDatetime: d.datetime(a.UpdatedAt), UserID: a.UserID, UserIDStr: a.UserID,
		Description: a.Description, Website: a.Website, Location: a.Location,
	}
}

var statusNumbers = map[app.Status]string{
	app.Normal: "1", app.Paused: "2", app.Locked: "3", app.Stopped: "4", app.Deleted: "5",
}

func verifiedWord(verified bool) string {
	if verified {
		return "email.verified"
	}
	return "email.unUerified"
}

func verifiedNumber(verified bool) int {
	if verified {
		return 2
	}
	return 1
}

func (d *dialect) datetime(t time.Time) string { return t.In(d.zone).Format(time.DateTime) }

func (d *dialect) loginIP(s app.Session) string {
	return fmt.Sprintf("[%s] IP地址 %s", s.CreatedAt.In(d.zone).Format("2006-01-02 15:04:05.000"), s.IP)
}
