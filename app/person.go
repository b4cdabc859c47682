package app

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"accord/saga"
)

// Person is an account with what is known of its person beyond it.
type Person struct {
	Account    Account
	Attributes Attributes
	// SignedInAt is when the latest session was opened; zero where there is none,
	// and in lists.
	SignedInAt time.Time
}

// PublicPerson is what everybody may know of a person: neither address nor
// number.
type PublicPerson struct {
	UserID                        int64
	AccountID                     string
	Username, Nickname, AvatarURL string
	Sign, Cover                   string
	Gender                        Gender
}

// PersonChange is a change of what a person says of himself: nil leaves a field
// as it is. Nickname and AvatarURL cannot be emptied.
type PersonChange struct {
	Nickname, AvatarURL, Description, Website, Location *string
	Attributes                                          AttributesChange
	// OwnPictures: an avatar that changes, and the cover, must be pictures that
	// the person uploaded.
	OwnPictures bool
}

// on is p with the change made.
func (c PersonChange) on(p Profile) Profile {
	set(&p.Nickname, c.Nickname)
	set(&p.AvatarURL, c.AvatarURL)
	set(&p.Description, c.Description)
	set(&p.Website, c.Website)
	set(&p.Location, c.Location)
	return p
}

// wholeProfile changes every field of a profile.
func wholeProfile(p Profile) PersonChange {
	return PersonChange{
		Nickname: &p.Nickname, AvatarURL: &p.AvatarURL, Description: &p.Description, Website: &p.Website, Location: &p.Location,
	}
}

// texts are the texts of the profile in the change, in the order in which
// violations are reported.
func (c *PersonChange) texts() []profileText {
	return []profileText{
		{"nickname", &c.Nickname, func(p Profile) string { return p.Nickname }},
		{"avatarUrl", &c.AvatarURL, func(p Profile) string { return p.AvatarURL }},
		{"description", &c.Description, func(p Profile) string { return p.Description }},
		{"website", &c.Website, func(p Profile) string { return p.Website }},
		{"location", &c.Location, func(p Profile) string { return p.Location }},
	}
}

// profileText is a text of a change, which is nil if it stays, and where a profile
// has it.
type profileText struct {
	field string
	given **string
	of    func(Profile) string
}

// normalised returns the change as it is judged and made. What is sent back as
// the profile has it stays, also if the rules would refuse it; the avatar, which
// is fetched if it is another, is compared elsewhere.
func (c PersonChange) normalised(from Profile) PersonChange {
	for _, text := range c.texts() {
		normaliseGiven(text.field, text.given)
		if text.field != "avatarUrl" && *text.given != nil && **text.given == field(text.field).Normalise(text.of(from)) {
			*text.given = nil
		}
	}
	c.Attributes = c.Attributes.normalised()
	return c
}

// violations judges only what is to be changed.
func (c PersonChange) violations(now time.Time) []Violation {
	return append(c.profileViolations(), c.Attributes.on(Attributes{}).violations(now)...)
}

func (c PersonChange) profileViolations() []Violation {
	var found []Violation
	for _, text := range c.texts() {
		if *text.given != nil {
			found = append(found, violation(text.field, **text.given)...)
		}
	}
	return found
}

// Person is what there is to know of oneself. Internal.
func (s *Service) Person(ctx context.Context, p Principal) (Person, error) {
	return s.whole(ctx, "look at oneself", p.Account.UserID)
}

// whole reads a person with his last sign-in.
func (s *Service) whole(ctx context.Context, op string, userID int64) (Person, error) {
	person, err := s.People.ByUserID(ctx, userID)
	if err == nil {
		person.SignedInAt, err = s.People.LastSignIn(ctx, person.Account.ID)
	}
	person.Account = s.shown(person.Account)
	return person, failed(op, err)
}

// EditPerson changes what a person says of himself: the profile here and in
// Gitea, the attributes here, or nothing; the avatar follows in Gitea once the
// change is kept. Invalid, BadCredentials where the session was ended meanwhile,
// PictureFailed, DirectoryFailed, TooOften, Busy or Internal.
func (s *Service) EditPerson(ctx context.Context, p Principal, in PersonChange) (saga.Receipt, error) {
	const op = "edit"
	return s.ownChange(ctx, op, p, func() (saga.Receipt, error) {
		edit, err := s.editing(ctx, p.Account, in)
		if err != nil {
			return saga.Receipt{}, failed(op, err)
		}
		receipt, err := carryOut(by(ctx, p.Account.ID), s.edit, p.Account.ID, edit)
		return receipt, failed(op, err)
	})
}

// PersonByUserID returns what everyone may know of a user. It is charged to the
// client. NotFound, TooOften or Internal.
func (s *Service) PersonByUserID(ctx context.Context, userID int64) (PublicPerson, error) {
	const op = "look up a person"
	if err := s.chargeProfile(ctx); err != nil {
		return PublicPerson{}, failed(op, err)
	}
	person, err := s.People.ByUserID(ctx, userID)
	return s.public(person), failed(op, err)
}

// PersonByUsername is PersonByUserID by the user name, in any case of letters. It
// is not charged.
func (s *Service) PersonByUsername(ctx context.Context, username string) (PublicPerson, error) {
	const op = "look up a person"
	username = field("username").Normalise(username)
	if !UsernameAllowed(username) {
		return PublicPerson{}, &Error{Kind: NotFound, Op: op}
	}
	person, err := s.People.ByUsername(ctx, username)
	return s.public(person), failed(op, err)
}

func (s *Service) public(p Person) PublicPerson {
	p.Account = s.shown(p.Account)
	return PublicPerson{
		UserID: p.Account.UserID, AccountID: p.Account.ID, Username: p.Account.Username, Nickname: p.Account.Nickname, AvatarURL: p.Account.AvatarURL,
		Sign: p.Attributes.Sign, Cover: p.Attributes.Cover, Gender: p.Attributes.Gender,
	}
}

// UserIDOf is the number of the person with that accountId, whom the other use
// cases may not find all the same. NotFound or Internal.
func (s *Service) UserIDOf(ctx context.Context, accountID string) (int64, error) {
	account, err := s.Accounts.ByID(ctx, accountID)
	return account.UserID, failed("look up an account", err)
}

// PersonByName returns what everyone may know of the user who has that user name,
// else of the first who registered of those who have it as nickname, so that no
// other can take the name away by using it too. It is charged to the client.
// NotFound, TooOften or Internal.
func (s *Service) PersonByName(ctx context.Context, name string) (PublicPerson, error) {
	const op = "look up a name"
	if err := s.chargeProfile(ctx); err != nil {
		return PublicPerson{}, failed(op, err)
	}
	if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > field("nickname").Max || !utf8.ValidString(name) {
		return PublicPerson{}, &Error{Kind: NotFound, Op: op}
	}
	person, err := s.People.ByUsername(ctx, field("username").Normalise(name))
	if KindOf(err) == NotFound {
		person, err = s.People.ByNickname(ctx, field("nickname").Normalise(name))
	}
	return s.public(person), failed(op, err)
}
