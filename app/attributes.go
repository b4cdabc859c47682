package app

import (
	"time"
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
// The zero value of a field means that nothing was said. Fields has the rules of
// the texts.
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
	for _, text := range attributeTexts {
		if text.changed != nil {
			set(text.of(&a), *text.changed(&c))
		}
	}
	return a
}

// normalised returns the attributes as they are judged and stored.
func (a Attributes) normalised() Attributes {
	for _, text := range attributeTexts {
		at := text.of(&a)
		*at = field(text.field).Normalise(*at)
	}
	return a
}

// normalised returns the change as it is judged and made.
func (c AttributesChange) normalised() AttributesChange {
	for _, text := range attributeTexts {
		if text.changed != nil {
			normaliseGiven(text.field, text.changed(&c))
		}
	}
	return c
}

func set[T any](to *T, value *T) {
	if value != nil {
		*to = *value
	}
}

// attributeTexts are where attributes and changes have the texts, by field, in the
// order in which violations are reported. A text without changed is given at
// registration only.
var attributeTexts = []struct {
	field   string
	of      func(*Attributes) *string
	changed func(*AttributesChange) **string
}{
	{"sign", func(a *Attributes) *string { return &a.Sign }, func(c *AttributesChange) **string { return &c.Sign }},
	{"cover", func(a *Attributes) *string { return &a.Cover }, func(c *AttributesChange) **string { return &c.Cover }},
	{"realName", func(a *Attributes) *string { return &a.RealName }, func(c *AttributesChange) **string { return &c.RealName }},
	{"identity", func(a *Attributes) *string { return &a.Identity }, func(c *AttributesChange) **string { return &c.Identity }},
	{"anonym", func(a *Attributes) *string { return &a.Anonym }, func(c *AttributesChange) **string { return &c.Anonym }},
	{"company", func(a *Attributes) *string { return &a.Company }, func(c *AttributesChange) **string { return &c.Company }},
	{"occupation", func(a *Attributes) *string { return &a.Occupation }, func(c *AttributesChange) **string { return &c.Occupation }},
	{"address", func(a *Attributes) *string { return &a.Address }, func(c *AttributesChange) **string { return &c.Address }},
	{"zipcode", func(a *Attributes) *string { return &a.Zipcode }, func(c *AttributesChange) **string { return &c.Zipcode }},
	{"education", func(a *Attributes) *string { return &a.Education }, func(c *AttributesChange) **string { return &c.Education }},
	{"university", func(a *Attributes) *string { return &a.University }, func(c *AttributesChange) **string { return &c.University }},
	{"major", func(a *Attributes) *string { return &a.Major }, nil},
	{"idCardType", func(a *Attributes) *string { return &a.IDCardType }, func(c *AttributesChange) **string { return &c.IDCardType }},
	{"idCard", func(a *Attributes) *string { return &a.IDCard }, func(c *AttributesChange) **string { return &c.IDCard }},
	{"qq", func(a *Attributes) *string { return &a.QQ }, nil},
	{"introduce", func(a *Attributes) *string { return &a.Introduce }, nil},
	{"corpName", func(a *Attributes) *string { return &a.CorpName }, nil},
	{"deptName", func(a *Attributes) *string { return &a.DeptName }, nil},
	{"remark", func(a *Attributes) *string { return &a.Remark }, func(c *AttributesChange) **string { return &c.Remark }},
	{"source", func(a *Attributes) *string { return &a.Source }, func(c *AttributesChange) **string { return &c.Source }},
	{"invitedBy", func(a *Attributes) *string { return &a.InvitedBy }, nil},
}

// FirstBirthday is the earliest that is believed.
var FirstBirthday = time.Date(1900, time.January, 1, 0, 0, 0, 0, time.UTC)

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
		case born.Before(FirstBirthday) || !born.Equal(born.UTC().Truncate(24*time.Hour)):
			found = append(found, Violation{"birthday", Pattern})
		}
	}
	for _, text := range attributeTexts {
		found = append(found, violation(text.field, *text.of(&a))...)
	}
	return found
}

// earliestZone is how far the first zone of the earth is ahead of UTC.
const earliestZone = 14 * time.Hour
