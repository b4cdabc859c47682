package reconcile

import (
	"slices"
	"strings"

	"accord/app"
)

// System is one that is brought to what the account store says.
type System string

// The systems.
const (
	Gitea     System = "gitea"
	InStorage System = "storage"
)

// Kind is one way of differing from the account store.
type Kind string

const (
	// Missing: the account has no user there.
	Missing Kind = "missing"
	// Orphan: a user of ours is no account's.
	Orphan Kind = "orphan"
	// Number: another user bears the account's mark than the one that we made.
	Number Kind = "number"
	// Mark: the account's user has lost its mark.
	Mark Kind = "mark"
	// Name, Address and Profile differ.
	Name    Kind = "name"
	Address Kind = "address"
	Profile Kind = "profile"
	// Status: the user is let in and should not be, or the other way round.
	Status Kind = "status"
	// Policy: the storage user has not the policy of homes, or others beside it.
	Policy Kind = "policy"
	// Token: Gitea tokens of sessions that are over.
	Token Kind = "token"
	// SecondAddress: the user has addresses beside its first one, which are no
	// account's. Nobody proved them.
	SecondAddress Kind = "second-address"
	// Password: Gitea has a password that the user chose, and passwords are sealed.
	Password Kind = "password"
	// Privilege: the user administers Gitea, or is in groups of the storage. It is
	// shown, and an operator decides.
	Privilege Kind = "privilege"
	// Credential: credentials that no session of ours has.
	Credential Kind = "credential"
)

// Kinds lists every kind, in the order in which people are shown them.
func Kinds() []Kind {
	return []Kind{Missing, Orphan, Number, Mark, Name, Address, Profile, Status, Policy, Token, SecondAddress, Password, Privilege, Credential}
}

// Field is one thing that differs, as text for people.
type Field struct{ Name, Have, Want string }

// Item is what one repair mends: all that differs of one account on one system,
// or the tokens that it has too many there.
type Item struct {
	System System
	// Kinds are at least one. Missing, Orphan, Token, SecondAddress, Password,
	// Privilege and Credential stand alone.
	Kinds []Kind
	// AccountID is the account's, or what an orphan's mark or key says.
	AccountID string
	// Username is the account's, or the name of an orphan whose account is not
	// known.
	Username string
	Fields   []Field
	// Tokens are the names of those that are to go.
	Tokens []string
	// Removes tells that the repair removes a user of ours or shuts it out.
	Removes bool
	// Protected items are shown and not mended.
	Protected bool
	// What the item rests on: the account, its user there; zero where there is none.
	Facts   app.Facts
	User    app.DirectoryView
	Storage app.StorageView
}

// Has reports whether k is among the item's kinds.
func (i Item) Has(k Kind) bool {
	return slices.Contains(i.Kinds, k)
}

// beside reports whether the item's repair leaves the user's name, address and
// number alone, so that it is in no other's way.
func (i Item) beside() bool {
	return i.Has(Token) || i.Has(SecondAddress) || i.Has(Password) || i.Has(Privilege) || i.Has(Credential)
}

func (i *Item) differs(k Kind, fields ...Field) {
	i.Kinds = append(i.Kinds, k)
	i.Fields = append(i.Fields, fields...)
}

// itemOf is one of the account's without a kind yet.
func itemOf(system System, f app.Facts) Item {
	return Item{System: system, AccountID: f.AccountID, Username: f.Username, Facts: f}
}

// compareDirectory finds what differs between an account and a Gitea user that
// it owns; no kinds where nothing does.
func compareDirectory(f app.Facts, v app.DirectoryView) Item {
	item := itemOf(Gitea, f)
	item.User = v
	if f.GiteaID != v.ID {
		item.differs(Number)
	}
	if v.Mark == "" {
		item.differs(Mark)
	}
	if !strings.EqualFold(f.Username, v.Username) {
		item.differs(Name, Field{"name", v.Username, f.Username})
	}
	if !strings.EqualFold(f.Email, v.Email) {
		item.differs(Address, Field{"address", v.Email, f.Email})
	}
	if f.Profile != v.Profile {
		item.differs(Profile, profileFields(v.Profile, f.Profile)...)
	}
	item.compareStatus(v.Active)
	return item
}

// compareStorage likewise for a storage user.
func compareStorage(f app.Facts, v app.StorageView) Item {
	item := itemOf(InStorage, f)
	item.Storage = v
	if f.LacksHome(v) {
		item.differs(Policy, fieldsOf("policy", v.Policies)...)
	}
	item.compareStatus(v.Enabled)
	return item
}

func (i *Item) compareStatus(active bool) {
	if active != i.Facts.Active() {
		i.Removes = active
		i.differs(Status, Field{"status", standing(active), standing(i.Facts.Active())})
	}
}

func standing(active bool) string {
	if active {
		return "on"
	}
	return "off"
}

func profileFields(have, want app.DirectoryProfile) []Field {
	var fields []Field
	for _, f := range []Field{
		{"full name", have.FullName, want.FullName},
		{"description", have.Description, want.Description},
		{"website", have.Website, want.Website},
		{"location", have.Location, want.Location},
	} {
		if f.Have != f.Want {
			fields = append(fields, f)
		}
	}
	return fields
}

// missing is the item of an account that has no user there.
func missing(system System, f app.Facts) Item {
	item := itemOf(system, f)
	item.differs(Missing)
	return item
}

// accountOfKey is the account that a storage key of ours is of.
func accountOfKey(key string) (id string, ok bool) {
	const digits = 14
	id = strings.TrimPrefix(key, app.StorageKeyOf(""))
	ours := len(id) == digits && app.StorageKeyOf(id) == key &&
		!strings.ContainsFunc(id, func(r rune) bool { return r < '0' || r > '9' })
	return id, ours
}
