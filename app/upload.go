package app

import "context"

// Upload keeps a picture of the person's and returns the URL it can be read at,
// which may then be given as an avatar. Invalid (field "file") or StorageFailed.
func (s *Service) Upload(ctx context.Context, p Principal, data []byte) (string, error) {
	const op = "upload"
	png, err := s.Pictures.Normalize(data)
	if err != nil {
		return "", failed(op, err)
	}
	url, err := s.Files.PutPicture(ctx, p.Account.ID, png)
	return url, failed(op, err)
}
