package jpress

import (
	"time"

	"accord/app"
)

// user is a person as the document has him, every field of it. Secrets and what
// is not known are blank.
type user struct {
	ID             int64  `json:"id"`
	Username       string `json:"username"`
	Nickname       string `json:"nickname"`
	Realname       string `json:"realname"`
	Identity       string `json:"identity"`
	Password       string `json:"password"`
	Salt           string `json:"salt"`
	Anonym         string `json:"anonym"`
	Email          string `json:"email"`
	EmailStatus    string `json:"emailStatus"`
	Mobile         string `json:"mobile"`
	MobileStatus   string `json:"mobileStatus"`
	Gender         string `json:"gender"`
	Signature      string `json:"signature"`
	Birthday       string `json:"birthday"`
	Company        string `json:"company"`
	Occupation     string `json:"occupation"`
	Address        string `json:"address"`
	Zipcode        string `json:"zipcode"`
	Site           string `json:"site"`
	Graduateschool string `json:"graduateschool"`
	Education      string `json:"education"`
	Avatar         string `json:"avatar"`
	Idcardtype     string `json:"idcardtype"`
	Idcard         string `json:"idcard"`
	Remark         string `json:"remark"`
	Status         string `json:"status"`
	Created        string `json:"created"`
	CreateSource   string `json:"createSource"`
	Logged         string `json:"logged"`
	Activated      string `json:"activated"`
}

// The words of the document's states of an account, an address and a number.
const (
	stateOK     = "ok"
	stateLocked = "locked"
)

func (d *dialect) user(p app.Person) user {
	a, more := p.Account, p.Attributes
	return user{
		ID: idOf(a), Username: a.Username, Nickname: a.Nickname, Realname: more.RealName,
		Identity: more.Identity, Anonym: more.Anonym, Email: a.OwnEmail(), EmailStatus: okIf(a.EmailVerified), Mobile: a.Mobile,
		MobileStatus: okIf(a.Mobile != ""), Gender: genderWords[more.Gender], Signature: more.Sign,
		Birthday: birthday(more.Birthday), Company: more.Company, Occupation: more.Occupation, Address: more.Address,
		Zipcode: more.Zipcode, Site: a.Website, Graduateschool: more.University, Education: more.Education,
		Avatar: a.AvatarURL, Idcardtype: more.IDCardType, Idcard: more.IDCard, Remark: more.Remark, Status: state(a),
		Created: d.datetime(a.CreatedAt), CreateSource: more.Source, Logged: d.datetime(p.SignedInAt),
		Activated: d.datetime(a.CreatedAt),
	}
}

func okIf(so bool) string {
	if so {
		return stateOK
	}
	return ""
}

func state(a app.Account) string {
	if a.MaySignIn() {
		return stateOK
	}
	return stateLocked
}

func (d *dialect) datetime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(d.Zone).Format(time.DateTime)
}

// birthday is a day without a zone, written as the document writes times.
func birthday(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateTime)
}

var genderWords = map[app.Gender]string{app.UnknownGender: "", app.Male: "男", app.Female: "女"}

// gendersRead are the words that are taken for a gender.
var gendersRead = map[string]app.Gender{
	"": app.UnknownGender, "0": app.UnknownGender, "未知": app.UnknownGender, "保密": app.UnknownGender, "unknown": app.UnknownGender,
	"1": app.Male, "男": app.Male, "male": app.Male, "m": app.Male,
	"2": app.Female, "女": app.Female, "female": app.Female, "f": app.Female,
}
