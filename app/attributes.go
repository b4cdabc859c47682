package app

import (
	"time"
	"unicode/utf8"
)

// Gender is what a person says of himself.
type Gender uint8

// The genders; what numbers a dialect has for them is its own affair.
const (
	UnknownGender Gender = iota
	Male
	Female
)

// Attributes are what front-ends know of a person beyond the account and its
// profile. They are the account store's alone; the other systems are not told.
// The zero value of a field means that nothing was said. Bounds are those of
// attributeTexts, in characters.
type Attributes struct {
	Gender Gender
	// Birthday is midnight UTC of the day.
	Birthday time.Time
	// Sign is a line that a person puts under his name, Cover the address of the
	// picture of his page.
	Sign, Cover string

	RealName, Identity, Anonym string
	Company, Occupation        string
	Address, Zipcode           string
	Education                  string
	University, Major          string
	// IDCardType says what IDCard is the number of.
	IDCardType, IDCard string
	QQ                 string
	Introduce, Remark  string
	// Source is what the account came from, in the words of a front-end.
	Source string
	// InvitedBy is the user name of whoever invited the person.
	InvitedBy string

	// Place in an organization that only a front-end knows.
	CorpName, DeptName string
	CorpID, DeptID     int32
	// Push and Alert are a front-end's settings of notices.
	Push, Alert int32
}

// AttributesChange is a change of those attributes that people change
// afterwards: nil leaves one as it is.
type AttributesChange struct {
	Gender      *Gender
	Birthday    *time.Time
	Sign, Cover *string

	RealName, Identity, Anonym *string
	Company, Occupation        *string
	Address, Zipcode           *string
	Education                  *string
	University                 *string
	IDCardType, IDCard         *string
	Remark, Source             *string
}

// Of is the change made to nothing: the attributes of a new person.
func (c AttributesChange) Of() Attributes { return c.on(Attributes{}) }

// empty reports whether the change leaves everything as it is.
func (c AttributesChange) empty() bool { return c == AttributesChange{} }

// on is a with the change made.
func (c AttributesChange) on(a Attributes) Attributes {
	set(&a.Gender, c.Gender)
	set(&a.Birthday, c.Birthday)
	set(&a.Sign, c.Sign)
	set(&a.Cover, c.Cover)
	set(&a.RealName, c.RealName)
	set(&a.Identity, c.Identity)
	set(&a.Anonym, c.Anonym)
	set(&a.Company, c.Company)
	set(&a.Occupation, c.Occupation)
	set(&a.Address, c.Address)
	set(&a.Zipcode, c.Zipcode)
	set(&a.Education, c.Education)
	set(&a.University, c.University)
	set(&a.IDCardType, c.IDCardType)
	set(&a.IDCard, c.IDCard)
	set(&a.Remark, c.Remark)
	set(&a.Source, c.Source)
	return a
}

func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

// attributeTexts are the bounded texts, in the order in which violations are
// told.
var attributeTexts = []struct {
	field string
	limit int
	of    func(Attributes) string
}{
	{"sign", 255, func(a Attributes) string { return a.Sign }},
	{"cover", 255, func(a Attributes) string { return a.Cover }},
	{"realName", 64, func(a Attributes) string { return a.RealName }},
	{"identity", 64, func(a Attributes) string { return a.Identity }},
	{"anonym", 64, func(a Attributes) string { return a.Anonym }},
	{"company", 128, func(a Attributes) string { return a.Company }},
	{"occupation", 64, func(a Attributes) string { return a.Occupation }},
	{"address", 255, func(a Attributes) string { return a.Address }},
	{"zipcode", 16, func(a Attributes) string { return a.Zipcode }},
	{"education", 64, func(a Attributes) string { return a.Education }},
	{"university", 128, func(a Attributes) string { return a.University }},
	{"major", 128, func(a Attributes) string { return a.Major }},
	{"idCardType", 32, func(a Attributes) string { return a.IDCardType }},
	{"idCard", 64, func(a Attributes) string { return a.IDCard }},
	{"qq", 32, func(a Attributes) string { return a.QQ }},
	{"introduce", 1000, func(a Attributes) string { return a.Introduce }},
	{"corpName", 128, func(a Attributes) string { return a.CorpName }},
	{"deptName", 128, func(a Attributes) string { return a.DeptName }},
	{"remark", 1000, func(a Attributes) string { return a.Remark }},
	{"source", 64, func(a Attributes) string { return a.Source }},
	{"invitedBy", 40, func(a Attributes) string { return a.InvitedBy }},
}

// firstBirthday is the earliest that is believed.
var firstBirthday = time.Date(1900, time.January, 1, 0, 0, 0, 0, time.UTC)

// violations judges a day as past once it has begun anywhere on earth.
func (a Attributes) violations(now time.Time) []Violation {
	var found []Violation
	if a.Gender > Female {
		found = append(found, Violation{"gender", NotContainsDict})
	}
	if born := a.Birthday; !born.IsZero() {
		switch {
		case born.After(now.Add(earliestZone)):
			found = append(found, Violation{"birthday", Past})
		case born.Before(firstBirthday) || !born.Equal(born.UTC().Truncate(24*time.Hour)):
			found = append(found, Violation{"birthday", Pattern})
		}
	}
	for _, text := range attributeTexts {
		value := text.of(a)
		switch {
		case utf8.RuneCountInString(value) > text.limit:
			found = append(found, Violation{text.field, Length})
		case !utf8.ValidString(value):
			found = append(found, Violation{text.field, Pattern})
		}
	}
	return found
}

// earliestZone is how far the first zone of the earth is ahead of UTC.
const earliestZone = 14 * time.Hour
