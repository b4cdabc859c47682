package app

import (
	"context"
	"errors"
	"strings"
)

const (
	// uploadPosition is the name of the place where the next run goes on.
	uploadPosition = "unused uploads"
	// uploadPage is how many pictures are listed at once, uploadPages how many
	// pages one run has.
	uploadPage  = 500
	uploadPages = 20
)

// clearUploads deletes pictures that were uploaded some time ago and that their
// account uses neither as avatar nor as cover. It goes through the pictures by
// name, on from where the last run ended, and begins anew at their end.
func (s *Service) clearUploads(ctx context.Context) (cleared int, err error) {
	position, err := s.Leftovers.Position(ctx, uploadPosition)
	if err != nil {
		return 0, err
	}
	var faults error
	for range uploadPages {
		page, next, err := s.StoredPictures.Pictures(ctx, position, uploadPage)
		if err != nil {
			return cleared, errors.Join(faults, err)
		}
		for _, picture := range page {
			removed, err := s.clearUpload(ctx, picture)
			faults = firstOf(faults, err)
			if removed {
				cleared++
			}
		}
		position = next
		if err := s.Leftovers.SetPosition(ctx, uploadPosition, position); err != nil {
			return cleared, errors.Join(faults, err)
		}
		if position == "" {
			break
		}
	}
	return cleared, faults
}

// unless returns err, or nil if it is of that kind.
func unless(err error, kind Kind) error {
	if KindOf(err) == kind {
		return nil
	}
	return err
}

func (s *Service) clearUpload(ctx context.Context, picture StoredPicture) (removed bool, err error) {
	if !picture.StoredAt.Before(s.Now().Add(-s.settings.Uploads.KeepUnused)) {
		return false, nil
	}
	used, err := s.uses(ctx, picture)
	if err != nil || used {
		return false, err
	}
	if err := s.StoredPictures.RemovePicture(ctx, picture.Name); err != nil {
		return false, err
	}
	return true, nil
}

// uses reports whether the account has the picture, under whatever name of the
// storage. One that cannot be looked at, because it is unknown or leaving, keeps
// all it has.
func (s *Service) uses(ctx context.Context, picture StoredPicture) (bool, error) {
	var person Person
	account, err := s.Accounts.ByID(ctx, picture.AccountID)
	if err == nil {
		person, err = s.People.ByUserID(ctx, account.UserID)
	}
	if err != nil {
		return KindOf(err) == NotFound, unless(err, NotFound)
	}
	return strings.Contains(account.AvatarURL, picture.Name) || strings.Contains(person.Attributes.Cover, picture.Name), nil
}
