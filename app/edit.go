package app

import (
	"context"
	"net/url"
	"path"
	"regexp"
	"strings"

	"accord/saga"
)

// editing is the state of the sagas that change what an account says of its
// person, by himself or by an administrator.
type editing struct {
	Account Account
	Change  PersonChange
	// Picture is the avatar as a PNG; empty where it stays as it was.
	Picture []byte
	// Actor is the administrator who asks, Email the address that he gives; both
	// empty where a person edits himself.
	Actor, Email string
	Asked        asked
	// Found out on the way: what the profile was here and in Gitea, what it
	// becomes, and the attributes where they change.
	Old, New Profile
	OldGitea DirectoryProfile
	OldMore  *Attributes
}

// Edit changes the whole profile here and in Gitea, or nowhere; the avatar
// follows in Gitea once the change is kept. Invalid, BadCredentials where the
// session was ended meanwhile, PictureFailed, DirectoryFailed, Busy or Internal.
func (s *Service) Edit(ctx context.Context, p Principal, in Profile) (saga.Receipt, error) {
	return s.EditPerson(ctx, p, wholeProfile(in))
}

// editing judges a change and fetches the avatar that it brings.
func (s *Service) editing(ctx context.Context, a Account, in PersonChange) (editing, error) {
	in = in.normalised(a.Profile)
	if in.AvatarURL != nil && s.keepsGenerated(a, *in.AvatarURL) {
		in.AvatarURL = nil
	}
	if v := in.violations(s.Now()); len(v) > 0 {
		return editing{}, &Error{Kind: Invalid, Violations: v}
	}
	e := editing{Account: a, Change: in}
	err := s.ownPictures(ctx, a, in)
	if err == nil && in.AvatarURL != nil && !s.keepsAvatar(a, *in.AvatarURL) {
		e.Picture, err = s.Pictures.Fetch(ctx, *in.AvatarURL)
	}
	return e, err
}

// ownPictures refuses pictures that another account uploaded and, if the change
// asks for that, every picture that this account did not upload. The avatar is
// validated when it is fetched.
func (s *Service) ownPictures(ctx context.Context, a Account, in PersonChange) error {
	newAvatar := in.AvatarURL != nil && !s.keepsAvatar(a, *in.AvatarURL) && !s.isGenerated(a, *in.AvatarURL)
	if newAvatar && s.uploadedByAnother(a, *in.AvatarURL) {
		return invalid("edit", "avatarUrl", Pattern)
	}
	if cover := in.Attributes.Cover; cover != nil && s.uploadedByAnother(a, *cover) {
		return invalid("edit", "cover", Pattern)
	}
	if !in.OwnPictures {
		return nil
	}
	if newAvatar && !s.uploadedBy(a, *in.AvatarURL) {
		return invalid("edit", "avatarUrl", Pattern)
	}
	cover := in.Attributes.Cover
	if cover == nil || *cover == "" {
		return nil
	}
	if !s.uploadedBy(a, *cover) {
		return invalid("edit", "cover", Pattern)
	}
	_, err := s.Pictures.Fetch(ctx, *cover)
	if KindOf(err) == Invalid && err != nil {
		return invalid("edit", "cover", Pattern)
	}
	return err
}

// uploadedBy reports whether Upload gave such URLs to the account.
func (s *Service) uploadedBy(a Account, address string) bool {
	home := s.settings.PicturesURL + a.ID + "/"
	return s.settings.PicturesURL != "" && strings.HasPrefix(address, home) && pictureName.MatchString(address[len(home):])
}

// uploadedByAnother reports whether the address is one of uploaded pictures, under
// whatever name of the storage and however it is written, but not one that Upload
// gave to the account.
func (s *Service) uploadedByAnother(a Account, address string) bool {
	if s.settings.PicturesURL == "" || s.uploadedBy(a, address) {
		return false
	}
	ours, err := url.Parse(s.settings.PicturesURL)
	if err != nil {
		return true
	}
	given, err := url.Parse(address)
	if err != nil {
		return false // what cannot be parsed cannot be fetched
	}
	return strings.HasPrefix(path.Clean("/"+given.Path)+"/", path.Clean("/"+ours.Path)+"/")
}

// pictureName is what Files call pictures.
var pictureName = regexp.MustCompile(`^[0-9a-f]{64}\.png$`)

// maxFullName is the most that Gitea keeps of a nickname, in characters.
const maxFullName = 100

// forDirectory is the profile as Gitea has it: a long nickname is cut.
func (p Profile) forDirectory() DirectoryProfile {
	name := []rune(p.Nickname)
	name = name[:min(len(name), maxFullName)]
	return DirectoryProfile{FullName: string(name), Description: p.Description, Website: p.Website, Location: p.Location}
}

func (s *Service) editFlow() saga.Definition[editing] {
	return exclusive("edit", s.changeHere(s.changeOneself), s.rememberInGitea(), s.changeInGitea(), s.keepEdit(), s.setAvatar())
}

func (s *Service) changeHere(change saga.Action[editing]) saga.Stage[editing] {
	return saga.One(saga.Step[editing]{
		Name: "change profile", Kind: saga.Compensable, Local: true, Do: change, Undo: s.changePersonBack,
	})
}

// changeOneself refuses a person whose session was ended meanwhile.
func (s *Service) changeOneself(ctx context.Context, e *editing) error {
	if err := s.Accounts.StillAt(ctx, e.Account.ID, e.Account.CredentialEpoch); err != nil {
		return err
	}
	return s.changePerson(ctx, e)
}

func (s *Service) changePerson(ctx context.Context, e *editing) error {
	old, more, err := s.People.Hold(ctx, e.Account.ID)
	if err != nil {
		return err
	}
	e.Old, e.New = old, e.Change.on(old)
	if len(e.Picture) == 0 && e.New.AvatarURL != e.Old.AvatarURL {
		// It was another before the saga held the account: no picture was fetched
		// for this change.
		return &Error{Kind: Busy}
	}
	if _, err := s.Accounts.SetProfile(ctx, e.Account.ID, e.New, s.Now()); err != nil {
		return err
	}
	if e.Change.Attributes.empty() {
		return nil
	}
	e.OldMore = &more
	return s.People.SetAttributes(ctx, e.Account.ID, e.Change.Attributes.on(more), s.Now())
}

func (s *Service) changePersonBack(ctx context.Context, e *editing) error {
	if _, err := s.Accounts.SetProfile(ctx, e.Account.ID, e.Old, s.Now()); err != nil {
		return err
	}
	if e.OldMore != nil {
		if err := s.People.SetAttributes(ctx, e.Account.ID, *e.OldMore, s.Now()); err != nil {
			return err
		}
	}
	if e.Email == "" {
		return nil
	}
	return s.Accounts.ReleaseEmail(ctx, e.Account.ID, e.Email)
}

func (s *Service) rememberInGitea() saga.Stage[editing] {
	return saga.One(saga.Step[editing]{
		Name: "remember Gitea profile", Kind: saga.Compensable,
		Do: func(ctx context.Context, e *editing) (err error) {
			e.OldGitea, err = s.Directory.Profile(ctx, e.Account.Ref())
			return err
		},
	})
}

func (s *Service) changeInGitea() saga.Stage[editing] {
	return saga.One(saga.Step[editing]{
		Name: "change Gitea profile", Kind: saga.Compensable,
		Do: func(ctx context.Context, e *editing) error {
			return s.Directory.SetProfile(ctx, e.Account.Ref(), e.New.forDirectory())
		},
		Undo: func(ctx context.Context, e *editing) error {
			return s.Directory.SetProfile(ctx, e.Account.Ref(), e.OldGitea)
		},
	})
}

func (s *Service) keepEdit() saga.Stage[editing] {
	return saga.One(saga.Step[editing]{
		Name: "keep", Kind: saga.Pivot, Local: true,
		Do: func(ctx context.Context, e *editing) error {
			if e.Email == "" {
				return nil
			}
			if err := s.Accounts.ChangeEmail(ctx, e.Account.ID, e.Email, s.Now()); err != nil {
				return err
			}
			return s.People.HoldEmail(ctx, e.Account.ID, s.Now()) // its user has not confirmed it
		},
	})
}

func (s *Service) setAvatar() saga.Stage[editing] {
	return saga.One(saga.Step[editing]{
		Name: "set Gitea avatar", Kind: saga.Retriable,
		Do: func(ctx context.Context, e *editing) error {
			if len(e.Picture) == 0 {
				return nil
			}
			return s.Directory.SetAvatar(ctx, e.Account.Ref(), e.Picture)
		},
	})
}
