package app

import (
	"context"
	"time"

	"accord/app/verify"
)

// UploadLimits bound uploads; zero means no limit.
type UploadLimits struct {
	// PerAccountHour bounds those of one account, PlatformHour all of them.
	PerAccountHour, PlatformHour int
	// KeepUnused is how long an upload that no account uses is kept; zero keeps
	// it for ever.
	KeepUnused time.Duration
}

// Upload keeps a picture of the person's and returns the URL it can be read at,
// which may then be given as an avatar or a cover. A picture that the account
// does not use is deleted after a while. Invalid (field "file"), TooOften (with
// when to try again), Busy, StorageFailed or Internal.
func (s *Service) Upload(ctx context.Context, p Principal, data []byte) (string, error) {
	const op = "upload"
	spent, err := s.spendUpload(ctx, p.Account.ID)
	if err != nil {
		return "", failed(op, err)
	}
	png, err := s.Pictures.Normalize(data)
	address := ""
	if err == nil {
		address, err = s.Files.PutPicture(ctx, p.Account.ID, png)
	}
	if kind := KindOf(err); kind == Busy || kind == StorageFailed {
		err = s.returnSpent(ctx, spent, err)
	}
	return address, failed(op, err)
}

// spendUpload charges an upload to the account and the platform; an account over
// its limit does not spend what others may. A picture that is refused counts, since
// decoding is what costs.
func (s *Service) spendUpload(ctx context.Context, account string) ([]verify.Receipt, error) {
	limits := s.settings.Uploads
	return s.admit(ctx,
		verify.Charge{Key: "upload/account/" + account, Limit: verify.Quota(limitUpload, limits.PerAccountHour, time.Hour)},
		verify.Charge{Key: "upload/platform", Limit: verify.Quota(limitUploads, limits.PlatformHour, time.Hour)},
	)
}
